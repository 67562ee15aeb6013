import { createHash } from "node:crypto";

/** Returns the same id for the same parts, so that PostHog can deduplicate retries. */
export function eventId(...parts: unknown[]): string {
  const hash = createHash("sha256").update(JSON.stringify(parts)).digest();
  hash[6] = ((hash[6] as number) & 0x0f) | 0x50;
  hash[8] = ((hash[8] as number) & 0x3f) | 0x80;
  const hex = hash.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}
