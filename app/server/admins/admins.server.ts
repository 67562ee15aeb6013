import type { Actor, Instant, Json } from "~/core/model";
import type { Role } from "~/core/permissions";
import { day } from "~/core/time";
import type { InviteForm } from "~/forms/admins/admin";
import { withdrawalLock } from "~/server/authority.server";
import { randomToken, sha256 } from "~/server/random.server";
import type { Services } from "~/server/services.server";
import type { Lock, Queries } from "~db/database";
import {
  type Admin,
  type AdminPatch,
  countOwners,
  findAdmin,
  findCredentials,
  insertAdmin,
  listAdmins,
  updateAdmin,
} from "~db/store/admins.server";
import { writeAudit } from "~db/store/audit.server";
import { deleteSessionsOf } from "~db/store/sessions.server";
import { isUniqueViolation } from "~db/unique";
import { notCounted } from "./all-nodes-throttle.server";
import { passwordProblem } from "./password-policy.server";
import { passwordsBusy } from "./passwords.server";
import { waitInWords } from "./sign-in-throttle.server";

export type AdminRefused = { ok: false; message: string; field?: string };
export type Done = { ok: true; admin: Admin };
/** `token` is for a link that is shown once. */
export type Linked = { ok: true; admin: Admin; token: string };

/** Changes of admins are serialized so that an owner always remains. */
export const adminsLock: Lock = { key: "admins" };
const linkLife = 7 * day; // ms

export const listAllAdmins = ({ db }: Services): Promise<Admin[]> => listAdmins(db.readAside, db.tables);
export const findOneAdmin = ({ db }: Services, id: string): Promise<Admin | null> => findAdmin(db.read, db.tables, id);

export type AdminState = "active" | "invited" | "lapsed" | "disabled";

export function adminStateOf({ disabledAt, hasPassword, inviteExpiresAt }: Admin, now: Instant): AdminState {
  if (disabledAt !== null) return "disabled";
  if (hasPassword) return "active";
  return inviteExpiresAt !== null && now < inviteExpiresAt ? "invited" : "lapsed";
}

const refused = (message: string, field?: string): AdminRefused => ({ ok: false, message, field });
const gone = refused("This admin does not exist any more. Look in the list.");
const lastOwner = refused("Latchkey would have no owner left who can sign in. Make somebody else an owner first.");

const newLink = (at: number) => {
  const token = randomToken();
  return { token, link: { inviteHash: sha256(token), inviteExpiresAt: new Date(at + linkLife) } };
};

export async function invite(services: Services, actor: Actor, form: InviteForm): Promise<Linked | AdminRefused> {
  const { db, now, newId } = services;
  const at = now();
  const id = newId("adm");
  const { token, link } = newLink(at);
  try {
    return await db.transaction([adminsLock], async (tx) => {
      await insertAdmin(tx, db.tables, { ...form, id, ...link, createdAt: new Date(at), createdBy: actor.name });
      const entry = { at, actor, action: "admin.invited", subjectKind: "admin", subject: id, after: { ...form } } as const;
      await writeAudit(tx, db.tables, entry);
      return { ok: true, token, admin: (await findAdmin(tx, db.tables, id)) as Admin };
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return refused("There is an admin with this e-mail address already. Open that one to send a new link.", "email");
  }
}

type Step = { refusal: AdminRefused } | { patch: AdminPatch; action: string; before: Json; after: Json; endSessions?: boolean };

/** Reads the admin, decides, and writes the row and its audit entry, or nothing. */
async function change(
  services: Services,
  actor: Actor,
  id: string,
  decide: (admin: Admin, tx: Queries) => Promise<Step | null>,
): Promise<Done | AdminRefused> {
  const { db, now } = services;
  return db.transaction([adminsLock, withdrawalLock("admin", id)], async (tx) => {
    const admin = await findAdmin(tx, db.tables, id);
    if (!admin) return gone;
    const step = await decide(admin, tx);
    if (step === null) return { ok: true, admin };
    if ("refusal" in step) return step.refusal;
    const { patch, action, before, after, endSessions } = step;
    await updateAdmin(tx, db.tables, id, patch);
    if (endSessions) await deleteSessionsOf(tx, db.tables, id);
    await writeAudit(tx, db.tables, { at: now(), actor, action, subjectKind: "admin", subject: id, before, after });
    return { ok: true, admin: (await findAdmin(tx, db.tables, id)) as Admin };
  });
}

const canSignIn = ({ disabledAt, hasPassword }: Admin) => disabledAt === null && hasPassword;

export function changeRole(services: Services, actor: Actor, id: string, role: Role): Promise<Done | AdminRefused> {
  return change(services, actor, id, async (admin, tx) => {
    if (admin.role === role) return null;
    const isLast = admin.role === "owner" && canSignIn(admin) && (await countOwners(tx, services.db.tables)) === 1;
    if (isLast) return { refusal: lastOwner };
    return { patch: { role }, action: "admin.role_changed", before: { role: admin.role }, after: { role } };
  });
}

/** Takes effect on their next request: their sessions and any open link are deleted. */
export function disable(services: Services, actor: Actor, id: string): Promise<Done | AdminRefused> {
  return change(services, actor, id, async (admin, tx) => {
    if (admin.disabledAt !== null) return null;
    const isLast = admin.role === "owner" && canSignIn(admin) && (await countOwners(tx, services.db.tables)) === 1;
    if (isLast) return { refusal: lastOwner };
    const patch = { disabledAt: new Date(services.now()), inviteHash: null, inviteExpiresAt: null };
    return { patch, action: "admin.disabled", before: { disabled: false }, after: { disabled: true }, endSessions: true };
  });
}

export function enable(services: Services, actor: Actor, id: string): Promise<Done | AdminRefused> {
  return change(services, actor, id, async (admin) => {
    if (admin.disabledAt === null) return null;
    return { patch: { disabledAt: null }, action: "admin.enabled", before: { disabled: true }, after: { disabled: false } };
  });
}

/**
 * Makes an invitation, or a reset link for a forgotten password. The old password works until the link is used; older
 * links stop working.
 */
export async function openLink(services: Services, actor: Actor, id: string): Promise<Linked | AdminRefused> {
  const { token, link } = newLink(services.now());
  const done = await change(services, actor, id, async (admin) => {
    if (admin.disabledAt !== null) return { refusal: refused("This admin is disabled. Enable the account first.") };
    const after = { expiresAt: link.inviteExpiresAt.toISOString() };
    return { patch: link, action: admin.hasPassword ? "admin.reset_link_made" : "admin.invite_renewed", before: null, after };
  });
  return done.ok ? { ...done, token } : done;
}

/** Records no input. The throttle bounds the number of rows. */
async function noteWrongPassword({ db, now }: Services, actor: Actor): Promise<void> {
  const entry = { at: now(), actor, action: "admin.password_change_failed", subjectKind: "admin", subject: actor.id } as const;
  await db.transaction([], (tx) => writeAudit(tx, db.tables, entry));
}

/**
 * Ends all of the admin's sessions; the caller starts a new one. Attempts count as at sign-in, so that an unattended
 * session cannot be used to guess.
 */
export async function changePassword(
  services: Services & { ip: string },
  actor: Actor,
  form: { current: string; password: string },
): Promise<Done | AdminRefused> {
  const { db, passwords, throttle, ip } = services;
  const { id } = actor;
  const tried = { account: `password of ${id}`, ip, isSignedIn: true } as const;
  const wait = await throttle.take(tried);
  if (wait === null) return refused(notCounted);
  if (wait > 0) return refused(`Too many tries. Wait ${waitInWords(wait)}, then try again.`, "current");
  const found = await findCredentials(db.read, db.tables, { id });
  const isRight = await passwords.verify(found?.passwordHash ?? null, form.current, { goesFirst: true });
  if (isRight === null) {
    await throttle.takeBack(tried);
    return refused(passwordsBusy);
  }
  if (!found || !isRight) {
    await noteWrongPassword(services, actor);
    return refused("This is not your current password.", "current");
  }
  await throttle.succeeded(tried);
  const problem = passwordProblem(form.password, found.admin);
  if (problem) return refused(problem, "password");
  const passwordHash = await passwords.hash(form.password);
  if (passwordHash === null) return refused(passwordsBusy);
  return change(services, actor, id, async (_admin, tx) => {
    // The password may have been changed through a link meanwhile.
    const current = await findCredentials(tx, db.tables, { id });
    if (current?.passwordHash !== found.passwordHash) return { refusal: refused("This is not your current password.", "current") };
    return {
      patch: { passwordHash, inviteHash: null, inviteExpiresAt: null },
      action: "admin.password_changed",
      before: null,
      after: null,
      endSessions: true,
    };
  });
}
