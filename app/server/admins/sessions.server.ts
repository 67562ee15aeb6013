import { redirect } from "@remix-run/node";
import type { Actor } from "~/core/model";
import { type Act, mayAct } from "~/core/permissions";
import { paths } from "~/paths";
import { byRightOf, roleMissing, withdrawalLock } from "~/server/authority.server";
import { callerAddress } from "~/server/client-address.server";
import { randomToken, sha256 } from "~/server/random.server";
import type { RequestContext, Services } from "~/server/services.server";
import type { Queries } from "~db/database";
import type { Admin } from "~db/store/admins.server";
import { writeAudit } from "~db/store/audit.server";
import { deleteExpiredSessions, deleteSession, findSession, insertSession, setSessionSeen } from "~db/store/sessions.server";
import { readSessionToken, sessionCookie } from "./session-cookie.server";

/** Interval of writing a session's last use, in ms: it may end this much before the idle limit, never later. */
const seenEvery = 60_000;

export type SignedIn = Pick<Admin, "id" | "email" | "name" | "role"> & {
  /** Hash of the session's token, to tell it from the admin's other sessions. */
  session: string;
  /** Where the request came from; null if it is not known. */
  address: string | null;
};

/** Runs in the sign-in's transaction. Always makes a new token, so that a planted one is useless. Returns the cookie. */
export async function beginSession(tx: Queries, { db, env, now }: Services, admin: string, request: Request): Promise<string> {
  const token = randomToken();
  const at = now();
  const before = readSessionToken(request.headers.get("Cookie"), env);
  if (before) await deleteSession(tx, db.tables, sha256(before));
  await deleteExpiredSessions(tx, db.tables, at);
  const session = { hash: sha256(token), admin, createdAt: at, lastSeenAt: at, expiresAt: at + env.sessionMaxMs };
  await insertSession(tx, db.tables, session);
  return sessionCookie(token, env);
}

export async function endSession({ db, env, now, ip }: RequestContext, request: Request): Promise<void> {
  const token = readSessionToken(request.headers.get("Cookie"), env);
  if (!token) return;
  const hash = sha256(token);
  const found = await findSession(db.read, db.tables, hash);
  if (!found) return;
  const { admin } = found;
  await db.transaction([withdrawalLock("admin", admin.id)], async (tx) => {
    if (!(await findSession(tx, db.tables, hash))) return;
    await deleteSession(tx, db.tables, hash);
    const about = { actor: actorOf(admin, ip), subjectKind: "admin", subject: admin.id } as const;
    await writeAudit(tx, db.tables, { at: now(), action: "admin.signed_out", ...about });
  });
}

// The loaders of a page run in parallel and share a context, so one lookup serves all.
const lookups = new WeakMap<object, Promise<Lookup>>();
/** `idle`: the session ended because it was not used. */
type Lookup = SignedIn | "idle" | null;

export async function signedIn(request: Request, context: RequestContext): Promise<SignedIn | null> {
  const found = await lookUpOnce(request, context);
  return found === "idle" ? null : found;
}

function lookUpOnce(request: Request, context: RequestContext): Promise<Lookup> {
  const known = lookups.get(context) ?? lookUp(request, context);
  lookups.set(context, known);
  return known;
}

async function lookUp(request: Request, { db, env, now, ip }: RequestContext): Promise<Lookup> {
  const token = readSessionToken(request.headers.get("Cookie"), env);
  if (!token) return null;
  const hash = sha256(token);
  const found = await findSession(db.read, db.tables, hash);
  if (!found || found.admin.disabledAt !== null) return null;
  const { session, admin } = found;
  const at = now();
  if (at >= session.lastSeenAt + env.sessionIdleMs) return "idle";
  if (at >= session.expiresAt) return null;
  if (at - session.lastSeenAt >= seenEvery) await db.transaction([], (tx) => setSessionSeen(tx, db.tables, hash, at));
  return { id: admin.id, email: admin.email, name: admin.name, role: admin.role, session: hash, address: callerAddress(ip) };
}

/**
 * Call first in a loader or action, with the act it needs. Throws the response for people who are not signed in or
 * whose role does not allow it. Writes check the act again in their transaction.
 */
export async function requireAdmin(request: Request, context: RequestContext, act: Act): Promise<SignedIn> {
  const admin = await lookUpOnce(request, context);
  if (admin === null || admin === "idle") {
    const { pathname, search } = new URL(request.url);
    const signIn = paths.signIn(pathname === "/" ? undefined : pathname + search);
    if (request.method === "GET") throw redirect(signIn);
    // The sign-in page then says that the form was not saved.
    const unsaved = admin === "idle" ? "idle" : "1";
    throw redirect(`${signIn}${signIn.includes("?") ? "&" : "?"}unsaved=${unsaved}`);
  }
  if (!mayAct(admin.role, act)) throw roleMissing(act);
  const { db, authority } = byRightOf(context, { kind: "admin", id: admin.id, session: admin.session, act });
  Object.assign(context, { db, authority });
  return admin;
}

export const actorOf = ({ id, name, address }: Pick<SignedIn, "id" | "name"> & { address?: string | null }, ip?: string): Actor => ({
  kind: "admin",
  id,
  name,
  address: address ?? callerAddress(ip),
});
