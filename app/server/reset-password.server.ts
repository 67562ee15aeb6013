import type { Actor } from "~/core/model";
import { listAdmins } from "~db/store/admins.server";
import { type Done, type Linked, openLink, type Refused } from "./admins.server";
import { acceptInvite } from "./invites.server";
import { passwordProblem } from "./password-policy.server";
import type { Services } from "./services.server";

/** For who can no longer sign in: a one-time link, or at once the password that an operator hands in. */
export async function resetPassword(
  services: Services,
  actor: Actor,
  email: string,
  password: string | null,
): Promise<Linked | Done | Refused> {
  const { db } = services;
  const admin = (await listAdmins(db.read, db.tables)).find((a) => a.email === email);
  if (!admin) return { ok: false, message: `There is no admin with the address ${email}.`, field: "email" };
  const problem = password === null ? null : passwordProblem(password, admin);
  if (problem) return { ok: false, message: problem, field: "password" };
  const linked = await openLink(services, actor, admin.id);
  return linked.ok && password !== null ? acceptInvite(services, linked.token, password) : linked;
}
