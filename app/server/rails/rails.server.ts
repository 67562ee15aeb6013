import { hasTenantApprovals } from "~/core/approvals/approvals";
import type { Actor } from "~/core/model";
import type { RailRole } from "~/core/rails/guard-rails";
import { type GuardRails, hasRails, noRails, type TrialSpan, trialSpans } from "~/core/rails/guard-rails";
import type { TrialBounds } from "~/core/rails/within-rails";
import { sameJson } from "~/core/same-json";
import { storedRails } from "~/forms/rails/guard-rails";
import { readApprovals } from "~/server/approvals/approval-rules.server";
import type { Authority } from "~/server/authority.server";
import type { Services } from "~/server/services.server";
import type { Database, Queries } from "~db/database";
import type { Schema } from "~db/schema";
import { writeAudit } from "~db/store/audit.server";
import { grantOf, grantsOfTenant } from "~db/store/grants.server";
import { readAdminRights, readSessionRights } from "~db/store/rights.server";
import { readSetting, writeSetting } from "~db/store/settings.server";

const setting = "guard_rails";

export async function readRails(q: Queries, t: Schema): Promise<GuardRails> {
  return storedRails.catch(noRails).parse((await readSetting(q, t, setting)) ?? noRails);
}

/** False if nothing differs. */
export function saveRails({ db, now }: Services, actor: Actor, rails: GuardRails): Promise<boolean> {
  return db.transaction([{ key: `setting:${setting}` }], async (tx) => {
    const before = await readRails(tx, db.tables);
    if (sameJson(before, rails)) return false;
    await writeSetting(tx, db.tables, setting, rails);
    const about = { subjectKind: "settings", subject: "guard rails" } as const;
    await writeAudit(tx, db.tables, { at: now(), actor, action: "rails.changed", ...about, before, after: rails });
    return true;
  });
}

/** The tenant's trials, of its latest 500 grants. */
export async function spansOfTenant(q: Queries, t: Schema, tenant: string): Promise<TrialSpan[]> {
  return trialSpans((await grantsOfTenant(q, t, tenant)).map(grantOf));
}

/** The limits and the acts that need approval, or null if nothing binds anyone. */
async function readRules(q: Queries, t: Schema) {
  const [rules, approvals] = [await readRails(q, t), await readApprovals(q, t)];
  return hasRails(rules) || hasTenantApprovals(approvals) ? { rules, approvals } : null;
}

/** What binds a change of a tenant by this role, or null. */
export async function boundsOfRole(q: Queries, t: Schema, tenant: string, role: RailRole): Promise<TrialBounds | null> {
  const rules = await readRules(q, t);
  return rules && { ...rules, role, spans: await spansOfTenant(q, t, tenant) };
}

type BoundChange = { key: string; isBound?: boolean; authority: Authority | null };

/** What binds each change by its role, as of this transaction. The program itself and the command line are not bound. */
export async function boundsOf<C extends BoundChange>(
  { tables: t }: Pick<Database, "tables">,
  tx: Queries,
  changes: readonly C[],
): Promise<Map<C, TrialBounds>> {
  const bound = changes.filter(({ isBound, authority }) => isBound && authority !== null);
  if (bound.length === 0) return new Map();
  const rules = await readRules(tx, t);
  if (!rules) return new Map();
  const sessions = bound.flatMap(({ authority }) => (authority?.kind === "admin" ? [authority.session] : []));
  const rights = sessions.length > 0 ? await readSessionRights(tx, t, sessions) : new Map();
  const bounds = new Map<C, TrialBounds>();
  for (const change of bound) {
    const { authority } = change;
    // A session that has ended is refused before this.
    const role: RailRole = authority?.kind === "admin" ? (rights.get(authority.session)?.role ?? "viewer") : "program";
    bounds.set(change, { ...rules, role, spans: await spansOfTenant(tx, t, change.key) });
  }
  return bounds;
}

/**
 * What binds a job's tenants, as of this transaction. Unlike the right of a request, the role is the requester's own,
 * because a job goes on after its requester signed out. Empty if nothing binds it.
 */
export async function boundsOfJob(
  { tables: t }: Pick<Database, "tables">,
  q: Queries,
  { kind, id }: Actor,
  tenants: readonly string[],
): Promise<Map<string, TrialBounds>> {
  const bounds = new Map<string, TrialBounds>();
  if (kind !== "admin" && kind !== "api_key") return bounds;
  const rules = await readRules(q, t);
  if (!rules) return bounds;
  const role: RailRole = kind === "api_key" ? "program" : ((await readAdminRights(q, t, id))?.role ?? "viewer");
  for (const tenant of tenants) bounds.set(tenant, { ...rules, role, spans: await spansOfTenant(q, t, tenant) });
  return bounds;
}
