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

  const plans = new Map([...from.plans, ...to.plans]);
  const keys = [...plans.keys()];
  const givenBy = (c: Catalogue, plan: string) => JSON.stringify(c.gives.get(plan)?.get(feature)?.value);
  const changed = rulesOf(from, feature) === rulesOf(to, feature) ? keys.filter((p) => givenBy(from, p) !== givenBy(to, p)) : null;
  if (changed?.length === 0) return impact;
  const addOns = keys.filter((p) => plans.get(p)?.kind === "add_on" && (givenBy(from, p) ?? givenBy(to, p)) !== undefined);
  const scope = { feature, changed, addOns };
  for (const { plan, status, tenants } of await alikeTenants(db.readAside, db.tables, scope)) {
    count({ revision: 0, key: "", name: "", status, plan, addOns: [], metadata: {}, createdAt: now, grants: [] }, tenants);
  }
  for (let last = ""; ; ) {
    const tenants = await specialTenants(db.readAside, db.tables, scope, last, batch);
    for (const tenant of tenants) count(tenant, 1);
    if (tenants.length < batch) return impact;
    last = tenants.at(-1)?.key ?? "";
    await new Promise(setImmediate);
  }
}

/** What of the feature itself a decision reads. */
function rulesOf(catalogue: Catalogue, key: string): string | undefined {
  const feature = catalogue.features.get(key);
  return feature && JSON.stringify({ ...feature, name: null, description: null, group: null, revision: null });
}
