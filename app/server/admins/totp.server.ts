import { Secret, TOTP } from "otpauth";
import { encode } from "uqr";
import type { Instant } from "~/core/model";

/** What every authenticator app supports. */
const parameters = { algorithm: "SHA1", digits: 6, period: 30 } as const;
/** Steps that the clock of a phone may be early or late. */
const skew = 1;

/** 160 bits in base 32, as RFC 4226 recommends. */
export const newTotpSecret = (): string => new Secret({ size: 20 }).base32;

const totpOf = (secret: string, label = "") => new TOTP({ ...parameters, issuer: "Latchkey", label, secret: Secret.fromBase32(secret) });

/** The 30 s step whose code this is, or null. Compares in constant time. */
export function stepOfCode(secret: string, code: string, now: Instant): number | null {
  // The library throws for six characters of more than a byte.
  if (!/^[0-9]{6}$/.test(code)) return null;
  const delta = totpOf(secret).validate({ token: code, timestamp: now, window: skew });
  return delta === null ? null : totpOf(secret).counter({ timestamp: now }) + delta;
}

/** The QR code as the path of an SVG, one unit per module with a margin of four. */
export function qrCode(secret: string, label: string): { path: string; size: number } {
  const { data, size } = encode(totpOf(secret, label).toString(), { ecc: "M", border: 4 });
  const path = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : []))).join("");
  return { path, size };
}
