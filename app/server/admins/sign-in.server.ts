import type { Actor, Json } from "~/core/model";
import { unguarded } from "~/server/authority.server";
import { callerAddress } from "~/server/client-address.server";
import type { BatchEvent } from "~/server/posthog/events/send-batch.server";
import type { RequestContext, Services } from "~/server/services.server";
import { type Admin, findCredentials, updateAdmin } from "~db/store/admins.server";
import { writeAudit } from "~db/store/audit.server";
import { findFactor } from "~db/store/second-factors.server";
import { addWaitingEvents, type WaitingEvent } from "~db/store/waiting-events.server";
import { notCounted } from "./all-nodes-throttle.server";
import { deviceCookie, hasDeviceCookie, knownDevice } from "./device-cookie.server";
import { busyRetrySeconds, passwordsBusy } from "./passwords.server";
import { pendingCookie } from "./pending-sign-in.server";
import { openSealing } from "./sealing.server";
import { consumeCode, type MatchedCode } from "./second-factor-code.server";
import { actorOf, beginSession } from "./sessions.server";
import { waitInWords } from "./sign-in-throttle.server";

/** `needsCode`: the cookie only leads to the second step. */
export type SignInResult =
  | { ok: true; cookie: string; needsCode?: boolean }
  | { ok: false; status: 400 | 429 | 503; message: string; retryAfter?: number };

const wrong = "The e-mail address or the password is wrong.";
const nobody = { kind: "system", id: "sign-in", name: "Sign-in" } as const;

/** Known and unknown addresses get the same answers for the same work. */
export async function signIn(
  context: RequestContext,
  request: Request,
  form: { email: string; password: string; returnTo?: string },
): Promise<SignInResult> {
  const { db, env, now, passwords, throttle, ip } = context;
  const email = form.email.trim().toLowerCase();
  const cookies = request.headers.get("Cookie");
  const look = () => findCredentials(db.read, db.tables, { email });
  // Verifying the device cookie needs the account. Without a cookie a refusal costs no query.
  const early = hasDeviceCookie(cookies, env) ? await look() : null;
  const device = knownDevice(cookies, early && { admin: early.admin.id, passwordHash: early.passwordHash }, now(), env);
  const tried = { account: email, ip, device };
  const wait = await throttle.take(tried);
  if (wait === null) return { ok: false, status: 503, message: notCounted, retryAfter: busyRetrySeconds };
  if (wait > 0) {
    const message = `Too many tries. Wait ${waitInWords(wait)}, then try again.`;
    return { ok: false, status: 429, message, retryAfter: Math.ceil(wait / 1000) };
  }

  const found = early ?? (await look());
  const isRight = await passwords.verify(found?.passwordHash ?? null, form.password, { goesFirst: device !== null });
  if (isRight === null) {
    await throttle.takeBack(tried);
    return { ok: false, status: 503, message: passwordsBusy, retryAfter: busyRetrySeconds };
  }
  if (!found || !isRight || found.admin.disabledAt !== null) {
    await noteFailure(context, found?.admin.id ?? "unknown");
    return { ok: false, status: 400, message: wrong };
  }

  await throttle.succeeded(tried);
  const { admin, passwordHash } = found;
  const rehashed = passwordHash !== null && passwords.isWeak(passwordHash) ? await passwords.hash(form.password) : null;
  return { ok: true, ...(await logIn(context, request, admin, { rehashed, goingTo: form.returnTo, proof: passwordHash })) };
}

/**
 * Signs in, or begins the second step for an admin with a second factor. Returns the cookie. `goingTo` is the page they
 * wanted.
 */
export async function logIn(
  context: RequestContext,
  request: Request,
  admin: Admin,
  { rehashed = null, goingTo, proof }: { rehashed?: string | null; goingTo?: string; proof?: string | null } = {},
): Promise<{ cookie: string; needsCode: boolean }> {
  const { db, env, now } = context;
  if ((await findFactor(db.read, db.tables, admin.id)) === null) {
    const cookie = await completeSignIn(context, request, admin, { rehashed, goingTo, proof });
    if (cookie === null) throw accountChanged();
    return { cookie, needsCode: false };
  }
  const passwordHash = await startSecondStep(context, admin.id, rehashed, proof);
  return { cookie: pendingCookie(await openSealing(db), { admin: admin.id, passwordHash }, now(), env), needsCode: true };
}

/** Replaces a weak hash, for which the second step no longer has the password. Returns the current hash. */
async function startSecondStep({ db }: Services, id: string, rehashed: string | null, proof?: string | null): Promise<string | null> {
  return db.transaction([], async (tx) => {
    const current = await findCredentials(tx, db.tables, { id });
    if (!current || (proof !== undefined && current.passwordHash !== proof)) throw accountChanged();
    if (rehashed !== null) await updateAdmin(tx, db.tables, id, { passwordHash: rehashed });
    return rehashed ?? current.passwordHash;
  });
}

type Completion = { rehashed?: string | null; goingTo?: string; proof?: string | null; code?: MatchedCode };

/** Signs in someone whose every proof was checked. With a `code`, null if it was used before. */
export async function completeSignIn(
  context: RequestContext,
  request: Request,
  admin: Admin,
  { rehashed = null, goingTo, proof, code }: Completion,
): Promise<string | null> {
  const { visit, posthog } = context;
  const news = visit && posthog ? await posthog.visitors.signingIn(visit, admin, context.env, goingTo) : null;
  const cookie = await startSession(context, request, admin, { rehashed, events: news?.events, proof, factor: code ?? "none" });
  if (cookie === null) return null;
  news?.written();
  posthog?.wake();
  return cookie;
}

/** Starts a new session for someone who is signed in, after a change of the password. Returns the cookie. */
export const signInAs = async (context: RequestContext, request: Request, admin: Admin): Promise<string> =>
  (await startSession(context, request, admin, { factor: "kept" })) ?? "";

type Start = {
  rehashed?: string | null;
  events?: BatchEvent[];
  /** The hash that the password was compared with. */
  proof?: string | null;
  /** `kept`: the session before had it. `none`: only for an admin without a second factor. */
  factor: MatchedCode | "none" | "kept";
};

const accountChanged = () => new Response("Your account was changed. Sign in again.", { status: 401, statusText: "Unauthorized" });

/**
 * Starts a session in one transaction with the code that is used up. Null if the code was used before. Throws a 401 if
 * the password or the second factor has changed since, or the account is disabled.
 */
async function startSession(
  context: RequestContext,
  request: Request,
  admin: Admin,
  { rehashed = null, events = [], proof, factor }: Start,
): Promise<string | null> {
  const { env, now, ip, moreCookies } = context;
  // After a password change no session is left to check, and identity was just proved.
  const db = unguarded(context.db);
  const at = now();
  return db.transaction([], async (tx) => {
    const current = await findCredentials(tx, db.tables, { id: admin.id });
    const isOther = !current || current.admin.disabledAt !== null || (proof !== undefined && current.passwordHash !== proof);
    if (isOther) throw accountChanged();
    if (factor === "none" && (await findFactor(tx, db.tables, admin.id)) !== null) throw accountChanged();
    if (typeof factor === "object" && !(await consumeCode(tx, { db }, admin.id, factor))) return null;
    await updateAdmin(tx, db.tables, admin.id, { lastSignInAt: new Date(at), ...(rehashed && { passwordHash: rehashed }) });
    const actor = actorOf(admin, ip);
    const after = { from: ip, ...(typeof factor === "object" && { secondFactor: factor.kind }) };
    await writeAudit(tx, db.tables, { at, actor, action: "admin.signed_in", subjectKind: "admin", subject: admin.id, after });
    await addWaitingEvents(tx, db.tables, events as WaitingEvent["body"][], at);
    const stored = await findCredentials(tx, db.tables, { id: admin.id });
    if (stored?.passwordHash) moreCookies.push(deviceCookie(admin.id, stored.passwordHash, at, env));
    return beginSession(tx, context, admin.id, request);
  });
}

/** Records no input: people type passwords into the wrong field. */
export async function noteFailure({ db, now, throttle, ip }: Services & { ip: string }, subject: string, step?: "code"): Promise<void> {
  const at = now();
  const unwritten = throttle.mayNoteFailure();
  if (unwritten === null) return;
  const after: Json = { from: ip, ...(step && { step }), ...(unwritten > 0 && { notWritten: unwritten }) };
  const actor: Actor = { ...nobody, address: callerAddress(ip) };
  const entry = { at, actor, action: "admin.sign_in_failed", subjectKind: "admin", subject, after } as const;
  await db.transaction([], (tx) => writeAudit(tx, db.tables, entry));
}
