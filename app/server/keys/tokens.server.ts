import { createHmac, timingSafeEqual } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Database } from "~db/database";
import { parseClaims, type TokenClaims, type TokenKind, writeClaims } from "./token-claims";
import { agreeOnTokenSecret, readTokenSecret } from "./token-secret.server";

const maxLength = 2_000; // In characters: a tenant key of 200 takes up to 1,100.
const maxRemembered = 20_000;

export type Tokens = ReturnType<typeof createTokens>;

/** Signed and not stored: any process of the installation can verify them, and they end with their key. */
export function createTokens(db: Database) {
  let secret = "";
  let signingKey = Buffer.alloc(0);
  const verified = new LRUCache<string, TokenClaims>({ max: maxRemembered });

  function use(current: string): void {
    if (current === secret) return;
    secret = current;
    signingKey = Buffer.from(current, "base64url");
    verified.clear();
  }

  const sign = (text: string) => createHmac("sha256", signingKey).update(text).digest("base64url");

  return {
    async start(): Promise<void> {
      use(await agreeOnTokenSecret(db));
    },
    /** Reads the secret again. Tokens that another one signed are unknown from then on. */
    async reload(): Promise<void> {
      const current = await readTokenSecret(db);
      if (current !== null) use(current);
    },
    /** Equal claims give equal tokens. */
    mint(kind: TokenKind, claims: TokenClaims): string {
      const body = `lk_${kind}_${Buffer.from(writeClaims(claims)).toString("base64url")}`;
      return `${body}.${sign(body)}`;
    },
    /**
     * Undefined if the signature is invalid or the claims exceed what a token may have. The caller checks expiry and
     * the key's right.
     */
    read(kind: TokenKind, token: string): TokenClaims | undefined {
      if (!token.startsWith(`lk_${kind}_`) || token.length > maxLength) return undefined;
      const known = verified.get(token);
      if (known) return known;
      const dot = token.lastIndexOf(".");
      const [body, signature] = [token.slice(0, dot), Buffer.from(token.slice(dot + 1))];
      const right = Buffer.from(sign(body));
      if (dot < 0 || signature.length !== right.length || !timingSafeEqual(signature, right)) return undefined;
      const claims = parseClaims(Buffer.from(body.slice(`lk_${kind}_`.length), "base64url").toString());
      if (claims === null) return undefined;
      verified.set(token, claims);
      return claims;
    },
  };
}
