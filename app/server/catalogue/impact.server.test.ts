import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compileCatalogue } from "~/core/catalogue/catalogue";
import { catalogueChange } from "~/core/catalogue/catalogue-changes";
import { applyChange, putTenant, type TenantChange } from "~/core/decision/changes";
import { decide } from "~/core/decision/decide";
import { effectOf } from "~/core/decision/preview";
import { grantTrial, setOverride } from "~/core/grants/grant-changes";
import { type Impact, noImpact } from "~/core/impact/catalogue-difference";
import type { CatalogueFacts, Feature, Plan, TenantFacts } from "~/core/model";
import type { Outcome } from "~/core/outcome";
import { day } from "~/core/time";
import { changeCatalogue, changeMany } from "~/server/changes/catalogue-change.server";
import { ada, addOn, catalogueFacts, configFeature, feature, flagTie, made, plan, stamp } from "~tests/facts";
import { engines, startServices, type TestServices } from "~tests/services";
import { compileChange, impactOf } from "./impact.server";
import { createPace } from "./pace.server";

const seats = configFeature("seats", { kind: "number", better: "higher" });
const starter = plan("starter", { seats: 5 });
const pro = plan("pro", { sso: true, seats: 10 }, { rank: 20 });
const boost = addOn("boost", { sso: true });
const extra = addOn("extra", { seats: 7 });
const before = catalogueFacts([feature("sso"), seats], [starter, pro, boost, extra]);

/** Every possible tenant: each plan, each combination of add-ons, each kind of grant, each status. */
const catalogue = compileCatalogue(before);
const grants: ((facts: TenantFacts, ids: ReturnType<typeof stamp>) => Outcome<TenantChange>)[] = [
  () => ({ ok: true, change: null }),
  (f, s) => grantTrial(f, { features: [{ feature: "sso" }, { feature: "seats", value: 6 }], endsAt: s.now + day }, catalogue, s),
  (f, s) => setOverride(f, { feature: "sso", effect: "allow" }, catalogue, s),
  (f, s) => setOverride(f, { feature: "seats", effect: "deny" }, catalogue, s),
  (f, s) => grantTrial(f, { features: [{ feature: "sso" }], startsAt: s.now + day, endsAt: s.now + 2 * day }, catalogue, s),
];
const forms = [null, "starter", "pro"].flatMap((plan) =>
  [[], ["boost"], ["extra"], ["boost", "extra"]].flatMap((addOns) =>
    (["active", "suspended"] as const).flatMap((status) => grants.map((grant) => ({ plan, addOns, status, grant }))),
  ),
);

let s: TestServices;
let tenants: TenantFacts[];

beforeEach(async () => {
  let ids = 0;
  tenants = forms.map(({ grant, ...form }, i) => {
    const ourStamp = { ...stamp(), newId: () => `gr_${++ids}` };
    const facts = applyChange(null, made(putTenant(null, `t${i}`, form, catalogue, ourStamp)), 1);
    const outcome = grant(facts, ourStamp);
    return outcome.ok && outcome.change ? applyChange(facts, outcome.change, 1) : facts;
  });
});
afterEach(() => s.stop());

/** The effects on every tenant, evaluated one by one. A tenant counts once per effect. */
function askedOneByOne(after: CatalogueFacts): Impact {
  const impact = noImpact();
  const to = compileCatalogue(after);
  for (const tenant of tenants) {
    const effects = before.features.map(({ key }) => {
      const question = { tenant, feature: key, now: stamp().now };
      return effectOf(decide({ ...question, catalogue }), decide({ ...question, catalogue: to }));
    });
    for (const effect of new Set(effects)) if (effect) impact[effect] += 1;
  }
  return impact;
}

const withPlan = (changed: Plan) => catalogueFacts(before.features, [...before.plans.filter((p) => p.key !== changed.key), changed]);
const withFeature = (changed: Feature) => catalogueFacts([...before.features.filter((f) => f.key !== changed.key), changed], before.plans);

const changes: [string, CatalogueFacts][] = [
  ["a plan gains a feature that some have by an add-on", withPlan({ ...starter, entries: pro.entries })],
  ["a plan loses it", withPlan({ ...pro, entries: [] })],
  ["an add-on loses it", withPlan({ ...boost, entries: [] })],
  ["an add-on gains it", withPlan({ ...extra, entries: pro.entries })],
  ["a plan gives more than an add-on does", withPlan({ ...starter, entries: [{ feature: "seats", value: 8 }] })],
  ["a plan begins to include another", withPlan({ ...starter, includes: "pro" })],
  ["the feature is archived", withFeature(feature("sso", { archivedAt: 1 }))],
  ["the other way round becomes better", withFeature(configFeature("seats", { kind: "number", better: "lower" }))],
  ["a flag begins to gate it", withFeature(feature("sso", { flag: flagTie("gate", { whenUnknown: "off" }) }))],
  ["a flag begins to grant it to everybody", withFeature(feature("sso", { flag: flagTie("grant", { whenUnknown: "on" }) }))],
  [
    "two features are archived at once",
    catalogueFacts(
      before.features.map((f) => ({ ...f, archivedAt: 1 })),
      before.plans,
    ),
  ],
  ["nothing but its name changes", withFeature(feature("sso", { name: "Single sign-on" }))],
];

describe.each(engines)("how many tenants a change touches, on %s", (engine) => {
  beforeEach(async () => {
    s = await startServices(engine);
    await changeCatalogue(s, ada, (_facts, stamp) => ({
      ok: true,
      change: catalogueChange("catalogue.imported", { features: before.features, plans: before.plans }, stamp, null),
    }));
    await changeMany(s, ada, [], (_facts, _tenants, { now }) => {
      const writes = tenants.map(({ key, name, status, plan, addOns, metadata, createdAt, grants }) => {
        const set = { name, status, plan, addOns, metadata, createdAt };
        return { before: null, change: { action: "tenant.created" as const, key, set, grants, at: now, why: null } };
      });
      return { ok: true, change: { catalogue: null, tenants: writes } };
    });
  });

  test("is what evaluating each of them gives, for every kind of change", async () => {
    for (const [what, after] of changes) {
      const expected = { ...askedOneByOne(after), isApproximate: false };
      expect([what, await impactOf(s, await compileChange(s.facts.catalogueFacts(), after, createPace(undefined)))]).toEqual([
        what,
        expected,
      ]);
    }
  });
});
