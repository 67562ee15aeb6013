import { type Admin, findAdmin, findByInvite, updateAdmin } from "~db/store/admins.server";
import { writeAudit } from "~db/store/audit.server";
import { deleteSessionsOf } from "~db/store/sessions.server";
import { adminsLock, type Done, type Refused } from "./admins.server";
import { withdrawalLock } from "./authority.server";
import { passwordProblem } from "./password-policy.server";
import { passwordsBusy } from "./passwords.server";
import { sha256 } from "./random.server";
import type { Services } from "./services.server";
import { actorOf } from "./sessions.server";

const spent: Refused = { ok: false, message: "This link was used already or is older than 7 days. Ask an owner for a new one." };

const isOpen = (admin: Admin | null, now: number): admin is Admin =>
  admin !== null && admin.disabledAt === null && admin.inviteExpiresAt !== null && now < admin.inviteExpiresAt;

/** Whose link this is; null: nobody's any more. */
export async function findInvited({ db, now }: Services, token: string): Promise<Admin | null> {
  const admin = await findByInvite(db.read, db.tables, sha256(token));
  return isOpen(admin, now()) ? admin : null;
}

/** For an invitation and a forgotten password alike. The link works once; sessions begun with an older password end. */
/** `ip`: of whoever opened the link; an operator at the command line has none. */
export async function acceptInvite(services: Services & { ip?: string }, token: string, password: string): Promise<Done | Refused> {
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
