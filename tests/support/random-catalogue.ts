import { compileCatalogue } from "~/core/catalogue/catalogue";
import { applyCatalogueChange, type CatalogueChange, type Cell, catalogueChange, setPlanEntries } from "~/core/catalogue/catalogue-changes";
import { counterAt } from "~/core/decision/counters";
import type { CatalogueFacts, Feature, Grant, Plan, ScheduledChange, Stamp, TenantFacts, Value } from "~/core/model";
import { day } from "~/core/time";
import { changeCatalogue, changeMany } from "~/server/changes/catalogue-change.server";
import { seededChance } from "~/server/demo/chance";
import { putCheckCounts } from "~db/store/check-counts.server";
import { ada, addOn, configFeature, denial, feature, flagTie, meteredFeature, now, override, plan, trial } from "./facts";
import type { TestServices } from "./services";

const limits: Value[] = [0, 5, 10, 50, 100, "unlimited"];
const featureCount = 9;
const keysOf = (n: number, letter: string) => Array.from({ length: n }, (_, i) => `${letter}${i}`);
const featureKeys = keysOf(featureCount, "f");
const planKeys = keysOf(5, "p");
const addOnKeys = keysOf(3, "a");

export type RandomWorld = {
  facts: CatalogueFacts;
  tenants: TenantFacts[];
  /** Totals of the current period and checks in 30 days, by tenant and feature. */
  used: Map<string, number>;
  checks: Map<string, { allowed: number; refused: number }>;
  flags: { tenant: string; flag: string; state: "on" | "off" }[];
};

/** A catalogue with plans that include each other, and tenants with everything that decides. Scheduled changes are due. */
export function randomWorld(seed: number, { tenants: count, withFlags }: { tenants: number; withFlags: boolean }): RandomWorld {
  const chance = seededChance(seed);
  const features: Feature[] = featureKeys.map((key, i) => {
    const flag = withFlags && chance.happens(0.3) ? flagTie(chance.pick(["grant", "gate", "both"]), { key: "flag" }) : null;
    const more = { flag, archivedAt: chance.happens(0.1) ? now - day : null };
    if (i % 3 === 0) return feature(key, more);
    if (i % 3 === 1) return meteredFeature(key, { resetPeriod: chance.pick(["day", "month", "never"]) }, more);
    return configFeature(key, { kind: "number", better: "higher" }, more);
  });
  const valueFrom = (key: string): Value => valueFor(features.find((f) => f.key === key) as Feature, chance);
  const entriesOf = (share: number) =>
    Object.fromEntries(featureKeys.filter(() => chance.happens(share)).map((key): [string, Value] => [key, valueFrom(key)]));
  const plans: Plan[] = [
    ...planKeys.map((key, i) =>
      plan(key, entriesOf(0.4), { rank: i, includes: i > 0 && chance.happens(0.5) ? (planKeys[i - 1] as string) : null }),
    ),
    ...addOnKeys.map((key, i) => addOn(key, entriesOf(0.3), { rank: 10 + i })),
  ];
  const used = new Map<string, number>();
  const checks = new Map<string, { allowed: number; refused: number }>();
  const flags: RandomWorld["flags"] = [];
  const tenants = Array.from({ length: count }, (_, i): TenantFacts => {
    const key = `t${String(i).padStart(3, "0")}`;
    for (const f of featureKeys) {
      if (chance.happens(0.5)) used.set(`${key} ${f}`, chance.between(1, 120));
      if (chance.happens(0.3)) checks.set(`${key} ${f}`, { allowed: chance.between(0, 9), refused: chance.between(1, 5) });
    }
    if (withFlags && chance.happens(0.4)) flags.push({ tenant: key, flag: "flag", state: chance.pick(["on", "off"]) });
    const grants = featureKeys.filter(() => chance.happens(0.12)).map((f, n) => grantFor(`gr_${i}_${n}`, f, valueFrom(f), chance));
    return {
      revision: 1,
      key,
      name: key,
      status: chance.weighted({ active: 8, suspended: 1, archived: 1 }),
      plan: chance.happens(0.15) ? null : chance.pick(planKeys),
      addOns: addOnKeys.filter(() => chance.happens(0.2)).map((plan, n) => ({ plan, addedAt: now - 10 * day + n })),
      metadata: {},
      createdAt: now - 100 * day,
      usageAnchor: chance.happens(0.2) ? now - 40 * day - 5_000 : null,
      grants,
      ...(chance.happens(0.15) ? { scheduled: [dueChange(`sc_${i}`, chance)] } : {}),
    };
  });
  return { facts: { revision: 0, features, plans }, tenants, used, checks, flags };
}

type Chance = ReturnType<typeof seededChance>;

function valueFor(of: Feature, chance: Chance): Value {
  return of.type === "boolean" ? true : of.type === "metered" ? chance.pick(limits) : chance.between(1, 4);
}

function grantFor(id: string, key: string, value: Value, chance: Chance): Grant {
  const isUpcoming = chance.happens(0.2);
  const times = isUpcoming ? { startsAt: now + day } : {};
  const kind = chance.pick(["trial", "override", "denial"]);
  if (kind === "trial") return trial(key, { id, value, ...times });
  return kind === "override" ? override(key, { id, value, ...times }) : denial(key, { id, ...times });
}

function dueChange(id: string, chance: Chance): ScheduledChange {
  const entry = { id, at: now - 1_000, by: { kind: "admin" as const, id: "adm_1", name: "Ada" }, createdAt: now - day, note: null };
  if (chance.happens(0.3)) return { ...entry, status: chance.pick(["active", "suspended"]) };
  if (chance.happens(0.4)) return { ...entry, addOns: { add: [chance.pick(addOnKeys)], remove: [] } };
  return { ...entry, plan: chance.happens(0.2) ? null : chance.pick(planKeys) };
}

/** A random change: some cells, an archived or restored feature, other meters, flag rules and inclusions. */
export function randomChange({ facts }: RandomWorld, seed: number, stamp: Stamp): { cells: Cell[] } | CatalogueChange {
  const chance = seededChance(seed);
  const cellsOf = (n: number): Cell[] =>
    Array.from({ length: n }, () => {
      const of = chance.pick(facts.features.filter((f) => f.archivedAt === null));
      const value = chance.happens(0.4) ? null : valueFor(of, chance);
      return { plan: chance.pick([...planKeys, ...addOnKeys]), feature: of.key, value };
    });
  const cells = cellsOf(chance.pick([1, 1, 12]));
  if (chance.happens(0.4)) return { cells };
  const changed = facts.features
    .filter(() => chance.happens(0.4))
    .map((f): Feature => {
      if (chance.happens(0.5)) return { ...f, archivedAt: f.archivedAt === null ? now : null };
      if (f.type === "metered") return { ...f, meter: { ...f.meter, resetPeriod: chance.pick(["day", "month", "year"]) } };
      if (f.type === "config") return { ...f, config: { kind: "number", better: "lower" } };
      return f.flag
        ? { ...f, flag: { ...f.flag, rule: chance.pick(["grant", "gate", "both"]), whenUnknown: chance.pick(["on", "off"]) } }
        : f;
    });
  const edited = setPlanEntries(facts, cells, stamp);
  const plans = edited.ok && edited.change ? edited.change.plans : [];
  return catalogueChange("catalogue.imported", { features: changed, plans }, stamp, null);
}

/** The catalogue after a change. */
export function changedFacts(before: CatalogueFacts, change: ReturnType<typeof randomChange>, stamp: Stamp): CatalogueFacts {
  if (!("cells" in change)) return applyCatalogueChange(before, change, before.revision);
  const outcome = setPlanEntries(before, change.cells, stamp);
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.change ? applyCatalogueChange(before, outcome.change, before.revision) : before;
}

/** Writes a world into an empty database. */
export async function storeWorld(s: TestServices, { facts, tenants, used, checks, flags }: RandomWorld): Promise<void> {
  const { db } = s;
  await changeCatalogue(s, ada, (_facts, by) => ({
    ok: true,
    change: catalogueChange("catalogue.imported", { features: facts.features, plans: facts.plans }, by, null),
  }));
  await changeMany(s, ada, [], (_facts, _tenants, { now: at }) => {
    const writes = tenants.map(({ key, grants, revision: _, ...set }) => {
      return { before: null, change: { action: "tenant.created" as const, key, set, grants, at, why: null } };
    });
    return { ok: true, change: { catalogue: null, tenants: writes } };
  });
  const byKey = new Map(tenants.map((tenant) => [tenant.key, tenant]));
  const compiled = compileCatalogue(facts);
  const totals = [...used].flatMap(([id, amount]) => {
    const [key = "", of = ""] = id.split(" ");
    const metered = compiled.features.get(of);
    const tenant = byKey.get(key) as TenantFacts;
    if (metered?.type !== "metered") return [];
    return [{ tenant: key, ...counterAt(metered, tenant, now), used: amount, updatedAt: new Date(now) }];
  });
  const dayOf = (ago: number) => new Date(now - ago * day).toISOString().slice(0, 10);
  const counts = [...checks].flatMap(([id, { allowed, refused }]) => {
    const [tenant = "", of = ""] = id.split(" ");
    const common = { tenant, feature: of, source: "plan", firstAt: now, lastAt: now };
    return [
      { ...common, day: dayOf(2), allowed: true, count: allowed },
      { ...common, day: dayOf(29), allowed: false, count: refused },
      // Too long ago.
      { ...common, day: dayOf(32), allowed: true, count: 1_000 },
    ].filter(({ count }) => count > 0);
  });
  await db.transaction([], async (tx) => {
    if (totals.length > 0) await tx.insert(db.tables.usageTotals).values(totals);
    await putCheckCounts(tx, db.tables, counts);
    const seen = flags.map((flag) => ({ ...flag, seenAt: new Date(now) }));
    if (seen.length > 0) await tx.insert(db.tables.flagValues).values(seen);
  });
}
