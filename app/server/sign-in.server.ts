import type { Actor, Json } from "~/core/model";
import { type Admin, findCredentials, updateAdmin } from "~db/store/admins.server";
import { writeAudit } from "~db/store/audit.server";
import { addWaitingEvents, type WaitingEvent } from "~db/store/waiting-events.server";
import type { BatchEvent } from "./posthog/send-batch.server";
import type { RequestContext, Services } from "./services.server";
import { actorOf, beginSession } from "./sessions.server";
import { waitInWords } from "./sign-in-throttle.server";

export type SignInResult = { ok: true; cookie: string } | { ok: false; status: 400 | 429; message: string };

const wrong = "The e-mail address or the password is wrong.";
const nobody: Actor = { kind: "system", id: "sign-in", name: "Sign-in" };

/** Known and unknown addresses get the same answers, for the same work. */
export async function signIn(
  context: RequestContext,
  request: Request,
  form: { email: string; password: string; returnTo?: string },
): Promise<SignInResult> {
  const { db, now, passwords, throttle, ip } = context;
  const email = form.email.trim().toLowerCase();
  const wait = throttle.take(email, ip, now());
  if (wait > 0) return { ok: false, status: 429, message: `Too many tries. Wait ${waitInWords(wait)}, then try again.` };

  const found = await findCredentials(db.read, db.tables, { email });
  const isRight = await passwords.verify(found?.passwordHash ?? null, form.password);
  if (!found || !isRight || found.admin.disabledAt !== null) {
    await noteFailure(context, found?.admin.id ?? "unknown");
    return { ok: false, status: 400, message: wrong };
  }

  throttle.forget(email);
  const { admin, passwordHash } = found;
  const rehashed = passwordHash !== null && passwords.isWeak(passwordHash) ? await passwords.hash(form.password) : null;
  return { ok: true, cookie: await logIn(context, request, admin, { rehashed, goingTo: form.returnTo }) };
}

/** Somebody who was not there comes in. `goingTo`: the page that they wanted. Returns the cookie. */
export async function logIn(
  context: RequestContext,
  request: Request,
  admin: Admin,
  { rehashed = null, goingTo }: { rehashed?: string | null; goingTo?: string } = {},
): Promise<string> {
  const { visit, posthog } = context;
  const news = visit && posthog ? await posthog.visitors.signingIn(visit, admin, context.env, goingTo) : null;
  const cookie = await signInAs(context, request, admin, rehashed, news?.events);
  news?.written();
  posthog?.wake();
  return cookie;
}

/** For who has just proved it: by the password, or by a link that works once. Returns the cookie. */
export async function signInAs(
  context: RequestContext,
  request: Request,
  admin: Admin,
  rehashed: string | null = null,
  events: BatchEvent[] = [],
): Promise<string> {
  const { db, now, ip } = context;
  const at = now();
  return db.transaction([], async (tx) => {
    await updateAdmin(tx, db.tables, admin.id, { lastSignInAt: new Date(at), ...(rehashed && { passwordHash: rehashed }) });
    const actor = actorOf(admin);
    await writeAudit(tx, db.tables, { at, actor, action: "admin.signed_in", subjectKind: "admin", subject: admin.id, after: { from: ip } });
    await addWaitingEvents(tx, db.tables, events as WaitingEvent["body"][], at);
    return beginSession(tx, context, admin.id, request);
  });
}

/** What was typed is not kept: people type passwords into the wrong field. */
async function noteFailure({ db, now, throttle, ip }: Services & { ip: string }, subject: string): Promise<void> {
  const at = now();
  const unwritten = throttle.mayNoteFailure(at);
  if (unwritten === null) return;
  const after: Json = unwritten === 0 ? { from: ip } : { from: ip, notWritten: unwritten };
  const entry = { at, actor: nobody, action: "admin.sign_in_failed", subjectKind: "admin", subject, after } as const;
  await db.transaction([], (tx) => writeAudit(tx, db.tables, entry));
}
