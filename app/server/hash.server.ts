import { createHash } from "node:crypto";

/** Of the concatenated parts, in 22 URL-safe characters (SHA-256). */
export function shortHash(...parts: (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("base64url").slice(0, 22);
}
