import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Instant } from "~/core/model";
import type { Database } from "~db/database";
import { readSetting, writeSetting } from "~db/store/settings.server";

/** What a token says: until when, for which tenant, and by which key's right. */
export type TokenClaims = { readonly key: string; readonly tenant: string; readonly expiresAt: Instant };

/** Tokens go to pages and check one tenant; tickets stand in the address of an event stream and open nothing else. */
export type TokenKind = "tok" | "sse";

const settingName = "token_secret";
const longest = 2_000; // characters: a tenant key of 200 takes up to 1,100
const mostRemembered = 20_000;

export type Tokens = ReturnType<typeof createTokens>;

/** Signed and kept nowhere: any process of the installation knows them, and they end with the key that minted them. */
export function createTokens(db: Database) {
  let secret: Buffer | undefined;
  const read = new LRUCache<string, TokenClaims>({ max: mostRemembered });

  const sign = (text: string) =>
    createHmac("sha256", secret as Buffer)
      .update(text)
      .digest("base64url");

  return {
    /** The first process of an installation makes the secret; all others read it. */
    async start(): Promise<void> {
      const known = await readSetting(db.read, db.tables, settingName);
      const agreed =
        known ??
        (await db.transaction([{ key: `setting:${settingName}` }], async (tx) => {
          const meanwhile = await readSetting(tx, db.tables, settingName);
          if (meanwhile !== null) return meanwhile;
          const made = randomBytes(32).toString("base64url");
          await writeSetting(tx, db.tables, settingName, made);
          return made;
        }));
      secret = Buffer.from(agreed as string, "base64url");
    },
    /** Equal claims give an equal token. */
    mint(kind: TokenKind, { key, tenant, expiresAt }: TokenClaims): string {
      const body = `lk_${kind}_${Buffer.from(JSON.stringify([key, tenant, expiresAt])).toString("base64url")}`;
      return `${body}.${sign(body)}`;
    },
    /** Undefined: nobody here signed it. Whether it has ended is for the caller to see. */
    read(kind: TokenKind, token: string): TokenClaims | undefined {
      if (!token.startsWith(`lk_${kind}_`) || token.length > longest) return undefined;
      const known = read.get(token);
      if (known) return known;
      const dot = token.lastIndexOf(".");
      const [body, signature] = [token.slice(0, dot), Buffer.from(token.slice(dot + 1))];
      const right = Buffer.from(sign(body));
      if (dot < 0 || signature.length !== right.length || !timingSafeEqual(signature, right)) return undefined;
      const [key, tenant, expiresAt] = JSON.parse(Buffer.from(body.slice(`lk_${kind}_`.length), "base64url").toString());
      const claims = { key, tenant, expiresAt };
      read.set(token, claims);
      return claims;
    },
  };
}
