import type { RequestContext } from "~/server/services.server";
import { type Admin, findCredentials } from "~db/store/admins.server";
import { findFactor, type SecondFactor } from "~db/store/second-factors.server";
import { notCounted } from "./all-nodes-throttle.server";
import { knownDevice } from "./device-cookie.server";
import { busyRetrySeconds } from "./passwords.server";
import { digestOf, readPending } from "./pending-sign-in.server";
import { openSealing } from "./sealing.server";
import { matchCode } from "./second-factor-code.server";
import { completeSignIn, noteFailure } from "./sign-in.server";
import { waitInWords } from "./sign-in-throttle.server";

type SecondStep = { admin: Admin; passwordHash: string | null; factor: SecondFactor };

/** Shown for a wrong code and for one that was used, since both need the next one. */
export const wrongCode = "This code is wrong or was used already. Wait for the next one, or use a recovery code.";

/** Tries of codes are counted apart from tries of passwords, so that a right password does not reset them. */
export const codeAccount = (admin: string) => `second factor of ${admin}`;

/** The sign-in that waits for a code in this browser. Null: the password has to be typed again. */
export async function pendingSignIn({ db, env, now }: RequestContext, request: Request): Promise<SecondStep | null> {
  const pending = readPending(await openSealing(db), request.headers.get("Cookie"), now(), env);
  if (!pending) return null;
  const found = await findCredentials(db.read, db.tables, { id: pending.admin });
  if (!found || found.admin.disabledAt !== null || digestOf(found.passwordHash) !== pending.password) return null;
  const factor = await findFactor(db.read, db.tables, pending.admin);
  return factor && { ...found, factor };
}

export type SecondStepResult = { ok: true; cookie: string } | { ok: false; status: 400 | 429 | 503; message: string; retryAfter?: number };

/** Ends a sign-in with a code of the app or a recovery code. Each works once. */
export async function signInWithCode(
  context: RequestContext,
  request: Request,
  { admin, passwordHash, factor }: SecondStep,
  form: { code: string; returnTo?: string },
): Promise<SecondStepResult> {
  const { env, ip, now, throttle } = context;
  const device = knownDevice(request.headers.get("Cookie"), { admin: admin.id, passwordHash }, now(), env);
  const tried = { account: codeAccount(admin.id), ip, device };
  const wait = await throttle.take(tried);
  if (wait === null) return { ok: false, status: 503, message: notCounted, retryAfter: busyRetrySeconds };
  if (wait > 0) {
    const message = `Too many tries. Wait ${waitInWords(wait)}, then try again.`;
    return { ok: false, status: 429, message, retryAfter: Math.ceil(wait / 1000) };
  }
  const code = await matchCode(context, factor, form.code);
  const cookie = code && (await completeSignIn(context, request, admin, { goingTo: form.returnTo, proof: passwordHash, code }));
  if (!cookie) {
    await noteFailure(context, admin.id, "code");
    return { ok: false, status: 400, message: wrongCode };
  }
  await throttle.succeeded(tried);
  return { ok: true, cookie };
}
