import type { Actor } from "~/core/model";
import type { Services } from "~/server/services.server";
import { listAdmins } from "~db/store/admins.server";
import { type AdminRefused, type Done, type Linked, openLink } from "./admins.server";
import { acceptInvite } from "./invites.server";
import { passwordProblem } from "./password-policy.server";

/** For an admin who cannot sign in: makes a one-time link, or sets the operator's password at once. */
export async function resetPassword(
  services: Services,
  actor: Actor,
  email: string,
  password: string | null,
): Promise<Linked | Done | AdminRefused> {
  const { db } = services;
  const admin = (await listAdmins(db.read, db.tables)).find((a) => a.email === email);
  if (!admin) return { ok: false, message: `There is no admin with the address ${email}.`, field: "email" };
  const problem = password === null ? null : passwordProblem(password, admin);
  if (problem) return { ok: false, message: problem, field: "password" };
  const linked = await openLink(services, actor, admin.id);
  return linked.ok && password !== null ? acceptInvite(services, linked.token, password) : linked;
}
