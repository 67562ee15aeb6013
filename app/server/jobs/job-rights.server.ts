import type { Job } from "~/core/jobs/job";
import { type Act, describeAct, mayAct, scopesFor } from "~/core/permissions";
import { rightLocks } from "~/server/authority.server";
import type { Services } from "~/server/services.server";
import type { Lock, Queries } from "~db/database";
import { readAdminRights, readKeyRights } from "~db/store/rights.server";

type Requester = Pick<Job, "actor">;

/** Held by a batch until it commits, so that on PostgreSQL none commits after the right was withdrawn. */
export function jobRightLocks({ actor: { kind, id } }: Requester): Lock[] {
  if (kind === "admin" || kind === "api_key") return rightLocks([{ authority: { kind: kind === "admin" ? "admin" : "key", id } }]);
  return [];
}

/**
 * Why the requester may no longer do this, as a sentence, or null. Unlike the right of a request it does not end with
 * the session: a job goes on after its requester signed out. `tx` is the batch's transaction.
 */
export async function jobRightProblem(
  { db, now }: Pick<Services, "db" | "now">,
  tx: Queries,
  { actor }: Requester,
  act: Act,
): Promise<string | null> {
  const { kind, id, name } = actor;
  if (kind === "admin") {
    const rights = await readAdminRights(tx, db.tables, id);
    if (!rights || rights.isDisabled) return `The account of ${name} is disabled, so the job stopped.`;
    return mayAct(rights.role, act) ? null : `${name} may no longer ${describeAct(act)}, so the job stopped.`;
  }
  if (kind === "api_key") {
    const key = (await readKeyRights(tx, db.tables, [id])).get(id);
    if (!key || key.revokedAt !== null) return `The API key ${name} was revoked, so the job stopped.`;
    if (key.expiresAt !== null && now() >= key.expiresAt) return `The API key ${name} has expired, so the job stopped.`;
    const isAllowed = key.tenant === null && scopesFor([act]).some((scope) => key.scopes.includes(scope));
    return isAllowed ? null : `The API key ${name} may no longer ${describeAct(act)}, so the job stopped.`;
  }
  return null;
}
