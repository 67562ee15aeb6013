import type { Services } from "~/server/services.server";
import type { Queries } from "~db/database";
import { advanceStep, type SecondFactor, takeRecoveryCode } from "~db/store/second-factors.server";
import { recoveryHash } from "./recovery-codes.server";
import { openSealing } from "./sealing.server";
import { stepOfCode } from "./totp.server";

/** A code that matches. It still has to be used up, in the transaction of what it allows. */
export type MatchedCode = { kind: "app"; secret: string; step: number } | { kind: "recovery"; hash: string };

export const totpPurpose = (admin: string) => `totp ${admin}`;

/** Null if the code is wrong. Whether it was used before is known once it is used up. */
export async function matchCode({ db, now }: Services, { admin, secret }: SecondFactor, typed: string): Promise<MatchedCode | null> {
  const digits = typed.replace(/\s/g, "");
  if (/^\d{6}$/.test(digits)) {
    const opened = (await openSealing(db)).open(totpPurpose(admin), secret);
    if (opened === null) throw new Error("The secret of a second factor cannot be decrypted: sealing_secret was replaced");
    const step = stepOfCode(opened, digits, now());
    return step === null ? null : { kind: "app", secret, step };
  }
  const hash = recoveryHash(typed);
  return hash === null ? null : { kind: "recovery", hash };
}

/** False if the code was used before, or the second factor has changed since. If two requests send one code, one succeeds. */
export function consumeCode(tx: Queries, { db }: Pick<Services, "db">, admin: string, code: MatchedCode): Promise<boolean> {
  if (code.kind === "recovery") return takeRecoveryCode(tx, db.tables, admin, code.hash);
  return advanceStep(tx, db.tables, admin, code.secret, code.step);
}
