import type { Instant } from "~/core/model";
import { minute } from "~/core/time";
import type { Env } from "~/server/env.server";
import { sha256 } from "~/server/random.server";
import type { Sealing } from "./sealing.server";

/** Time for the code after the password, in ms. */
const lifeMs = 10 * minute;
const purpose = "pending sign-in";

type Where = Pick<Env, "publicUrl">;
const isHttps = ({ publicUrl }: Where) => publicUrl?.startsWith("https:") ?? false;
const nameOf = (where: Where) => (isHttps(where) ? "__Host-sign-in" : "sign-in");
const attributes = (where: Where) => `Path=/; HttpOnly; SameSite=Lax${isHttps(where) ? "; Secure" : ""}`;

/** `passwordHash`: the hash that the password was compared with. It is stored as a digest of it. */
type Pending = { admin: string; passwordHash: string | null };
/** `password` is the digest, to compare with `digestOf` of the current hash. */
export type PendingSignIn = { admin: string; password: string };

export const digestOf = (passwordHash: string | null): string => sha256(passwordHash ?? "");

/** Proves that the password was right, until it is changed or 10 minutes pass. It does not sign in by itself. */
export function pendingCookie({ seal }: Sealing, { admin, passwordHash }: Pending, now: Instant, where: Where): string {
  const value = seal(purpose, JSON.stringify({ admin, password: digestOf(passwordHash), until: now + lifeMs }));
  return `${nameOf(where)}=${value}; Max-Age=${lifeMs / 1000}; ${attributes(where)}`;
}

export const endPendingCookie = (where: Where) => `${nameOf(where)}=; Max-Age=0; ${attributes(where)}`;

/** Null if the cookie is missing, sent twice, not ours or too old. */
export function readPending({ open }: Sealing, cookieHeader: string | null, now: Instant, where: Where): PendingSignIn | null {
  const start = `${nameOf(where)}=`;
  const found = (cookieHeader ?? "").split(";").flatMap((part) => (part.trim().startsWith(start) ? [part.trim().slice(start.length)] : []));
  const [value] = found;
  const text = found.length === 1 && value ? open(purpose, value) : null;
  if (text === null) return null;
  const { admin, password, until } = JSON.parse(text) as PendingSignIn & { until: Instant };
  return now < until && until <= now + lifeMs ? { admin, password } : null;
}
