import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Instant } from "~/core/model";
import { day } from "~/core/time";
import type { Env } from "~/server/env.server";

/**
 * Proves an earlier sign-in to the account from this browser. It grants no access: it only exempts the browser from
 * waiting for failures of other addresses. The key is derived from the stored password hash, so a new password
 * invalidates every cookie and nothing is stored.
 */
const lifeMs = 180 * day;
const pattern = /^([A-Za-z0-9_-]{22})\.(\d{13})\.([A-Za-z0-9_-]{43})$/;

type Where = Pick<Env, "publicUrl">;
const isHttps = ({ publicUrl }: Where) => publicUrl?.startsWith("https:") ?? false;
const nameOf = (where: Where) => (isHttps(where) ? "__Host-device" : "device");

const signature = (passwordHash: string, admin: string, id: string, expires: string) =>
  createHmac("sha256", passwordHash).update(`latchkey device\n${admin}\n${id}\n${expires}`).digest("base64url");

export function deviceCookie(admin: string, passwordHash: string, now: Instant, where: Where): string {
  const id = randomBytes(16).toString("base64url");
  const expires = String(now + lifeMs);
  const value = `${id}.${expires}.${signature(passwordHash, admin, id, expires)}`;
  const attributes = `Path=/; Max-Age=${lifeMs / 1000}; HttpOnly; SameSite=Lax${isHttps(where) ? "; Secure" : ""}`;
  return `${nameOf(where)}=${value}; ${attributes}`;
}

/** True if the cookie is well-formed, so that reading the account is worthwhile. */
export const hasDeviceCookie = (cookieHeader: string | null, where: Where): boolean => read(cookieHeader, where) !== null;

function read(cookieHeader: string | null, where: Where): RegExpExecArray | null {
  const start = `${nameOf(where)}=`;
  const part = (cookieHeader ?? "").split(";").find((text) => text.trim().startsWith(start));
  return part === undefined ? null : pattern.exec(part.trim().slice(start.length));
}

/** The browser's id, if it signed in to this account since the last change of its password and within 180 days; else null. */
export function knownDevice(
  cookieHeader: string | null,
  account: { admin: string; passwordHash: string | null } | null,
  now: Instant,
  where: Where,
): string | null {
  const [, id = "", expires = "", given = ""] = read(cookieHeader, where) ?? [];
  if (id === "" || !account?.passwordHash || now >= Number(expires) || Number(expires) > now + lifeMs) return null;
  const right = signature(account.passwordHash, account.admin, id, expires);
  return timingSafeEqual(Buffer.from(given), Buffer.from(right)) ? id : null;
}
