import type { Instant } from "~/core/model";
import { scopesFor } from "~/core/permissions";
import { hour } from "~/core/time";
import type { CachedKey } from "./key-cache.server";

/** `tok` tokens go to pages and check one tenant; `sse` tickets are valid only in the URL of an event stream. */
export type TokenKind = "tok" | "sse";

/** `key`: the id of the API key that minted it, whose right it has. */
export type TokenClaims = { readonly key: string; readonly tenant: string; readonly issuedAt: Instant; readonly expiresAt: Instant };

export const maxTokenLifeMs = hour;
/** Allowed clock skew of the node that minted a token, in ms. */
export const clockToleranceMs = 60_000;

const isInstant = (value: unknown): value is Instant => Number.isSafeInteger(value) && (value as number) >= 0;

/** The claims as a token holds them. The order is that of versions which knew no `issuedAt`. */
export const writeClaims = ({ key, tenant, expiresAt, issuedAt }: TokenClaims): string =>
  JSON.stringify([key, tenant, expiresAt, issuedAt]);

/** Null if the text is not a list of claims, or claims a longer life than allowed. */
export function parseClaims(text: string): TokenClaims | null {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(read) || read.length !== 4) return null;
  const [key, tenant, expiresAt, issuedAt]: unknown[] = read;
  if (typeof key !== "string" || typeof tenant !== "string" || !isInstant(expiresAt) || !isInstant(issuedAt)) return null;
  return expiresAt - issuedAt > maxTokenLifeMs ? null : { key, tenant, issuedAt, expiresAt };
}

/** True if the key may currently give a browser these claims. */
export function mayHaveMinted(kind: TokenKind, key: CachedKey, { tenant, issuedAt }: TokenClaims): boolean {
  if (kind === "tok" && key.kind !== "live") return false;
  if (issuedAt < key.createdAt) return false;
  if (key.tenant !== null && key.tenant !== tenant) return false;
  return scopesFor(["tokens.mint"]).some((scope) => key.scopes.includes(scope));
}
