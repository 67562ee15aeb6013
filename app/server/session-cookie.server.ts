import type { Env } from "./env.server";
import { tokenPattern } from "./random.server";

type Where = Pick<Env, "publicUrl">;
const isHttps = ({ publicUrl }: Where) => publicUrl?.startsWith("https:") ?? false;

/** The prefix makes browsers refuse it from another host or without https; over plain HTTP they refuse the prefix. */
const nameOf = (where: Where) => (isHttps(where) ? "__Host-sid" : "sid");
const attributes = (where: Where) => `Path=/; HttpOnly; SameSite=Lax${isHttps(where) ? "; Secure" : ""}`;

/** Null when there is none, when it is broken, and when there are two: somebody else may have set one of them. */
export function readSessionToken(cookieHeader: string | null, where: Where): string | null {
  const start = `${nameOf(where)}=`;
  const found = (cookieHeader ?? "").split(";").flatMap((part) => (part.trim().startsWith(start) ? [part.trim().slice(start.length)] : []));
  const [token] = found;
  return found.length === 1 && token !== undefined && tokenPattern.test(token) ? token : null;
}

/** It ends with the browser or when the server says so. */
export const sessionCookie = (token: string, where: Where) => `${nameOf(where)}=${token}; ${attributes(where)}`;
export const endSessionCookie = (where: Where) => `${nameOf(where)}=; Max-Age=0; ${attributes(where)}`;
