import { withdrawalLock } from "~/server/authority.server";
import { sha256 } from "~/server/random.server";
import type { Services } from "~/server/services.server";
import { type Admin, findAdmin, findByInvite, updateAdmin } from "~db/store/admins.server";
import { writeAudit } from "~db/store/audit.server";
import { deleteSessionsOf } from "~db/store/sessions.server";
import { type AdminRefused, adminsLock, type Done } from "./admins.server";
import { passwordProblem } from "./password-policy.server";
import { passwordsBusy } from "./passwords.server";
import { actorOf } from "./sessions.server";

const spent: AdminRefused = { ok: false, message: "This link was used already or is older than 7 days. Ask an owner for a new one." };

const isOpen = (admin: Admin | null, now: number): admin is Admin =>
  admin !== null && admin.disabledAt === null && admin.inviteExpiresAt !== null && now < admin.inviteExpiresAt;

/** The admin this link belongs to, or null if it is used or expired. */
export async function findInvited({ db, now }: Services, token: string): Promise<Admin | null> {
  const admin = await findByInvite(db.read, db.tables, sha256(token));
  return isOpen(admin, now()) ? admin : null;
}

/**
 * For invitations and forgotten passwords. The link works once; existing sessions end. `ip`: the address of the request; absent
 * for the command line.
 */
export async function acceptInvite(services: Services & { ip?: string }, token: string, password: string): Promise<Done | AdminRefused> {
  const { db, now, passwords, ip } = services;
  const invited = await findInvited(services, token);
  if (!invited) return spent;
  const problem = passwordProblem(password, invited);
  if (problem) return { ok: false, message: problem, field: "password" };
  const passwordHash = await passwords.hash(password);
  if (passwordHash === null) return { ok: false, message: passwordsBusy };
  const at = now();
  return db.transaction([adminsLock, withdrawalLock("admin", invited.id)], async (tx) => {
    const admin = await findByInvite(tx, db.tables, sha256(token));
    if (!isOpen(admin, at)) return spent;
    await updateAdmin(tx, db.tables, admin.id, { passwordHash, inviteHash: null, inviteExpiresAt: null });
    await deleteSessionsOf(tx, db.tables, admin.id);
    const action = admin.hasPassword ? "admin.password_reset" : "admin.invite_accepted";
    await writeAudit(tx, db.tables, { at, actor: actorOf(admin, ip), action, subjectKind: "admin", subject: admin.id });
    return { ok: true, admin: (await findAdmin(tx, db.tables, admin.id)) as Admin };
  });
}
