import type { Catalogue } from "~/core/catalogue/catalogue";
import { isRedundant } from "~/core/decision/tenant-outline";
import { endOf } from "~/core/grants/grant-lifetime";
import type { FlagReading, Instant } from "~/core/model";
import { effective } from "~/core/schedules/effective";
import { minute } from "~/core/time";
import { unguarded } from "~/server/authority.server";
import type { Services } from "~/server/services.server";
import type { Database } from "~db/database";
import { grantOf } from "~db/store/grants.server";
import { readTenantsByKey } from "~db/store/tenant-documents.server";
import { addOnsByTenant } from "~db/store/tenant-list.server";
import { type GrantPlace, grantsOfAllTenants, tenantsOfTrials } from "~db/store/trials.server";
import { readLastFlags } from "~db/store/usage-levels.server";
import { catalogueOfNames } from "./names.server";

/** Live trials are read in the order of their ends, in batches small enough for both engines to use an index. */
const batchSize = 250;
const maxLooked = 4 * batchSize;
/** Trials of them that the decision function is called for. */
const maxDecided = 100;
const maxListed = 5;
/** How long a result is reused, in ms. */
const maxAgeMs = minute / 2;
/** A result of fewer trials is not reused. */
const minReused = 200;

type Named = { key: string; name: string };
type RedundantTrials = { count: number; hasMore: boolean; first: { id: string; tenant: Named; feature: Named; plan: Named }[] };

const results = new WeakMap<Database, { at: Instant; revision: number; found: Promise<RedundantTrials> }>();

/**
 * Live trials without which the tenant would get the same answer, because its plan or an add-on gives the feature. Plans
 * select the candidates, and the decision function decides. With many trials, the result is up to half a minute old.
 */
export async function trialsMadeRedundant(services: Services): Promise<RedundantTrials> {
  const owner = unguarded(services.db);
  const now = services.now();
  const catalogue = await catalogueOfNames(services);
  const known = results.get(owner);
  const isFresh = known && known.revision === catalogue.revision && now >= known.at && now < known.at + maxAgeMs;
  if (isFresh) return known.found;
  const finding = findRedundant(services, catalogue, now);
  const found = finding.then(({ looked: _, ...rest }) => rest);
  results.set(owner, { at: now, revision: catalogue.revision, found });
  const looked = await finding.then(
    ({ looked }) => looked,
    () => 0,
  );
  // A failed read is not kept either.
  if (looked < minReused) results.delete(owner);
  return found;
}

async function findRedundant({ db }: Services, catalogue: Catalogue, now: Instant): Promise<RedundantTrials & { looked: number }> {
  const { readAside: q, tables: t } = db;
  const trials = await liveTrials(db, now);
  const candidates = await givenByPlan(db, catalogue, trials);
  const decided = candidates.slice(0, maxDecided);
  const keysOf = (trials: LiveTrial[]) => [...new Set(trials.map(({ tenant }) => tenant))];
  const tenants = await readTenantsByKey(q, t, keysOf(decided));
  const flagged = decided.filter(({ feature }) => catalogue.features.get(feature)?.flag);
  const flags = await readLastFlags(q, t, keysOf(flagged));
  const redundant = decided.filter(({ id, tenant }) => {
    const found = tenants.get(tenant);
    const facts = found && effective(found, catalogue, now);
    const grant = facts?.grants.find((g) => g.id === id);
    if (!facts || !grant || facts.status !== "active") return false;
    const flag = (key: string): FlagReading => {
      const last = flags.get(tenant)?.get(key);
      return { state: "unknown", ...(last ? { last } : {}) };
    };
    return isRedundant({ facts, catalogue, now, readings: { flag }, zone: "UTC" }, grant);
  });
  return {
    looked: trials.length,
    count: redundant.length,
    hasMore: redundant.length > 0 && (trials.length === maxLooked || candidates.length > maxDecided),
    first: redundant.slice(0, maxListed).map(({ id, tenant, name, feature, by }) => ({
      id,
      tenant: { key: tenant, name },
      feature: { key: feature, name: catalogue.features.get(feature)?.name ?? feature },
      plan: { key: by, name: catalogue.plans.get(by)?.name ?? by },
    })),
  };
}

type LiveTrial = { id: string; tenant: string; name: string; feature: string; plan: string | null };

async function liveTrials({ readAside: q, tables: t }: Database, now: Instant): Promise<LiveTrial[]> {
  const found: LiveTrial[] = [];
  for (let after: GrantPlace | undefined; found.length < maxLooked; ) {
    const rows = await grantsOfAllTenants(q, t, "trial", { state: "live" }, now, { order: { by: "end" }, after, size: batchSize });
    const tenants = await tenantsOfTrials(
      q,
      t,
      rows.map(({ tenant }) => tenant),
    );
    for (const { id, tenant, feature } of rows) {
      const { name, plan } = tenants.get(tenant) ?? { name: tenant, plan: null };
      found.push({ id, tenant, name, feature, plan });
    }
    const last = rows.at(-1);
    if (!last || rows.length < batchSize) break;
    after = { at: endOf(grantOf(last)) as Instant, id: last.id };
  }
  return found;
}

/** Trials whose tenant's plan or add-on has the feature, with that plan. */
async function givenByPlan({ readAside: q, tables: t }: Database, catalogue: Catalogue, trials: readonly LiveTrial[]) {
  const ofAddOns = [...catalogue.plans.values()].filter(({ kind }) => kind === "add_on").map(({ key }) => gives(catalogue, key));
  const features = new Set(trials.map(({ feature }) => feature));
  const inAddOns = new Set([...features].filter((feature) => ofAddOns.some((given) => given.has(feature))));
  const asked = trials.filter(({ feature }) => inAddOns.has(feature)).map(({ tenant }) => tenant);
  const addOns = await addOnsByTenant(q, t, [...new Set(asked)]);
  return trials.flatMap((trial) => {
    const plans = [...(trial.plan === null ? [] : [trial.plan]), ...(addOns.get(trial.tenant) ?? [])];
    const by = plans.find((plan) => gives(catalogue, plan).has(trial.feature));
    return by === undefined ? [] : [{ ...trial, by }];
  });
}

const gives = (catalogue: Catalogue, plan: string): ReadonlyMap<string, unknown> => catalogue.gives.get(plan) ?? new Map();
