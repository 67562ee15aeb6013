import { type Catalogue, compileCatalogue } from "~/core/catalogue";
import { decide } from "~/core/decide";
import type { CatalogueFacts, TenantFacts } from "~/core/model";
import { type Effect, effectOf } from "~/core/preview";
import { alikeTenants, specialTenants } from "~db/store/candidates.server";
import type { Services } from "./services.server";

export type Impact = { [E in Effect]: number };

/** Tenants looked at between two breaths of the event loop. */
const batch = 500;

/**
 * How many tenants gain, lose or get something else of one feature when the catalogue becomes `after`. SQL only narrows
 * who has to be asked; every verdict is `decide`'s. Tenants that differ in nothing it reads are asked about once.
 */
export async function impactOn(services: Services, feature: string, after: CatalogueFacts): Promise<Impact> {
  const { db, now: clock, facts } = services;
  const now = clock();
  const from = facts.catalogue();
  const to = compileCatalogue(after);
  const impact: Impact = { gains: 0, loses: 0, changes: 0 };
  const count = (tenant: TenantFacts, tenants: number) => {
    const effect = effectOf(decide({ tenant, catalogue: from, feature, now }), decide({ tenant, catalogue: to, feature, now }));
    if (effect) impact[effect] += tenants;
  };

  const changed = changedPlans(feature, from, to);
  const kindIs = (kind: string) => changed.filter((key) => (to.plans.get(key) ?? from.plans.get(key))?.kind === kind);
  const scope = { feature, plans: kindIs("base"), addOns: kindIs("add_on") };
  for (const { plan, status, tenants } of await alikeTenants(db.read, db.tables, scope)) {
    count({ revision: 0, key: "", name: "", status, plan, addOns: [], metadata: {}, createdAt: now, grants: [] }, tenants);
  }
  for (let last = ""; ; ) {
    const tenants = await specialTenants(db.read, db.tables, scope, last, batch);
    for (const tenant of tenants) count(tenant, 1);
    if (tenants.length < batch) return impact;
    last = tenants.at(-1)?.key ?? "";
    await new Promise(setImmediate);
  }
}

/** Plans that give something else of the feature than before. */
function changedPlans(feature: string, from: Catalogue, to: Catalogue): string[] {
  const given = (c: Catalogue, plan: string) => JSON.stringify(c.gives.get(plan)?.get(feature)?.value ?? null);
  return [...new Set([...from.plans.keys(), ...to.plans.keys()])].filter((plan) => given(from, plan) !== given(to, plan));
}
