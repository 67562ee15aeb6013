import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { agreeOnSecret } from "~/server/installation-secret.server";
import type { Database } from "~db/database";

const settingName = "sealing_secret";
const algorithm = "aes-256-gcm";
const ivBytes = 12;
const tagBytes = 16;
const maxLength = 4_000;

export type Sealing = Awaited<ReturnType<typeof openSealing>>;

/** Encrypts short texts with a key derived from a secret of the installation, which the first call creates. */
export async function openSealing(db: Database) {
  const secret = Buffer.from(await agreeOnSecret(db, settingName), "base64url");
  const key = Buffer.from(hkdfSync("sha256", secret, "", "latchkey sealing", 32));
  return {
    /** `purpose` says what and whose the text is. It opens under the same purpose only. */
    seal(purpose: string, text: string): string {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv(algorithm, key, iv, { authTagLength: tagBytes }).setAAD(Buffer.from(purpose));
      const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString("base64url");
    },
    /** Null if it was not sealed here for this purpose. */
    open(purpose: string, sealed: string): string | null {
      if (sealed.length > maxLength) return null;
      const bytes = Buffer.from(sealed, "base64url");
      if (bytes.length < ivBytes + tagBytes) return null;
      const [iv, tag] = [bytes.subarray(0, ivBytes), bytes.subarray(ivBytes, ivBytes + tagBytes)];
      const decipher = createDecipheriv(algorithm, key, iv, { authTagLength: tagBytes }).setAAD(Buffer.from(purpose)).setAuthTag(tag);
      try {
        return Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]).toString("utf8");
      } catch {
        return null;
      }
    },
  };
}
