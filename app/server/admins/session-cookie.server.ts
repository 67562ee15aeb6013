import type { Env } from "~/server/env.server";
import { tokenPattern } from "~/server/random.server";

type Where = Pick<Env, "publicUrl">;
const isHttps = ({ publicUrl }: Where) => publicUrl?.startsWith("https:") ?? false;

/** With the prefix, browsers refuse the cookie from other hosts and over plain HTTP, so it is used for https only. */
const nameOf = (where: Where) => (isHttps(where) ? "__Host-sid" : "sid");
const attributes = (where: Where) => `Path=/; HttpOnly; SameSite=Lax${isHttps(where) ? "; Secure" : ""}`;

/** Null if the cookie is missing, malformed or sent twice, because another site may have set one of them. */
export function readSessionToken(cookieHeader: string | null, where: Where): string | null {
  const start = `${nameOf(where)}=`;
  const found = (cookieHeader ?? "").split(";").flatMap((part) => (part.trim().startsWith(start) ? [part.trim().slice(start.length)] : []));
  const [token] = found;
  return found.length === 1 && token !== undefined && tokenPattern.test(token) ? token : null;
}

/** A session cookie: it ends with the browser or on the server. */
export const sessionCookie = (token: string, where: Where) => `${nameOf(where)}=${token}; ${attributes(where)}`;
export const endSessionCookie = (where: Where) => `${nameOf(where)}=; Max-Age=0; ${attributes(where)}`;
