import type { Actor, Json } from "~/core/model";
import { unguarded } from "~/server/authority.server";
import { callerAddress } from "~/server/client-address.server";
import type { BatchEvent } from "~/server/posthog/events/send-batch.server";
import type { RequestContext, Services } from "~/server/services.server";
import { type Admin, findCredentials, updateAdmin } from "~db/store/admins.server";
import { writeAudit } from "~db/store/audit.server";
import { addWaitingEvents, type WaitingEvent } from "~db/store/waiting-events.server";
import { notCounted } from "./all-nodes-throttle.server";
import { deviceCookie, hasDeviceCookie, knownDevice } from "./device-cookie.server";
import { busyRetrySeconds, passwordsBusy } from "./passwords.server";
import { actorOf, beginSession } from "./sessions.server";
import { waitInWords } from "./sign-in-throttle.server";

export type SignInResult = { ok: true; cookie: string } | { ok: false; status: 400 | 429 | 503; message: string; retryAfter?: number };

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
  return { ok: true, cookie: await logIn(context, request, admin, { rehashed, goingTo: form.returnTo, proof: passwordHash }) };
}

/** Signs in and returns the cookie. `goingTo` is the page they wanted. */
export async function logIn(
  context: RequestContext,
  request: Request,
  admin: Admin,
  { rehashed = null, goingTo, proof }: { rehashed?: string | null; goingTo?: string; proof?: string | null } = {},
): Promise<string> {
  const { visit, posthog } = context;
  const news = visit && posthog ? await posthog.visitors.signingIn(visit, admin, context.env, goingTo) : null;
  const cookie = await signInAs(context, request, admin, rehashed, news?.events, proof);
  news?.written();
  posthog?.wake();
  return cookie;
}

/**
 * Signs in someone who proved their identity by password or one-time link. Returns the cookie. `proof` is the hash the
 * password was compared with; throws a 401 if it changed or the account was disabled.
 */
export async function signInAs(
  context: RequestContext,
  request: Request,
  admin: Admin,
  rehashed: string | null = null,
  events: BatchEvent[] = [],
  proof?: string | null,
): Promise<string> {
  const { env, now, ip, moreCookies } = context;
  // After a password change no session is left to check, and identity was just proved.
  const db = unguarded(context.db);
  const at = now();
  return db.transaction([], async (tx) => {
    const current = await findCredentials(tx, db.tables, { id: admin.id });
    const isOther = !current || current.admin.disabledAt !== null || (proof !== undefined && current.passwordHash !== proof);
    if (isOther) throw new Response("Your account was changed. Sign in again.", { status: 401, statusText: "Unauthorized" });
    await updateAdmin(tx, db.tables, admin.id, { lastSignInAt: new Date(at), ...(rehashed && { passwordHash: rehashed }) });
    const actor = actorOf(admin, ip);
    await writeAudit(tx, db.tables, { at, actor, action: "admin.signed_in", subjectKind: "admin", subject: admin.id, after: { from: ip } });
    await addWaitingEvents(tx, db.tables, events as WaitingEvent["body"][], at);
    const stored = await findCredentials(tx, db.tables, { id: admin.id });
    if (stored?.passwordHash) moreCookies.push(deviceCookie(admin.id, stored.passwordHash, at, env));
    return beginSession(tx, context, admin.id, request);
  });
}

/** Records no input: people type passwords into the wrong field. */
async function noteFailure({ db, now, throttle, ip }: Services & { ip: string }, subject: string): Promise<void> {
  const at = now();
  const unwritten = throttle.mayNoteFailure();
  if (unwritten === null) return;
  const after: Json = unwritten === 0 ? { from: ip } : { from: ip, notWritten: unwritten };
  const actor: Actor = { ...nobody, address: callerAddress(ip) };
  const entry = { at, actor, action: "admin.sign_in_failed", subjectKind: "admin", subject, after } as const;
  await db.transaction([], (tx) => writeAudit(tx, db.tables, entry));
}
