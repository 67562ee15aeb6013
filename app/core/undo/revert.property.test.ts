import fc from "fast-check";
import { expect, test } from "vitest";
import { compileCatalogue } from "~/core/catalogue/catalogue";
import { applyCatalogueChange, type CatalogueChange, setPlanEntries } from "~/core/catalogue/catalogue-changes";
import { archiveFeature, restoreFeature, updateFeature } from "~/core/catalogue/feature-changes";
import { archivePlan, createPlan, deletePlan, restorePlan, updatePlan } from "~/core/catalogue/plan-changes";
import { applyChange, putTenant, type TenantChange } from "~/core/decision/changes";
import { decide } from "~/core/decision/decide";
import { grantBundle } from "~/core/grants/bundles";
import { convertTrial } from "~/core/grants/convert-trial";
import { endGrant, extendGrant, grantTrial, setOverride } from "~/core/grants/grant-changes";
import { isOver } from "~/core/grants/grant-lifetime";
import { withPlanAfter } from "~/core/grants/plan-after";
import type { CatalogueFacts, Grant, Instant, Stamp, TenantFacts } from "~/core/model";
import type { Outcome } from "~/core/outcome";
import { foldedChanges } from "~/core/schedules/schedule-changes";
import { day, hour } from "~/core/time";
import { ada, addOn, catalogueFacts, configFeature, feature, meteredFeature, plan, now as start, tenant } from "~tests/facts";
import { catalogueAfter, revertCatalogue } from "./revert-catalogue";
import { namedCatalogue, revertTenant } from "./revert-tenant";

const firstCatalogue = catalogueFacts(
  [feature("sso"), meteredFeature("calls"), configFeature("theme", { kind: "text", options: ["a", "b"] })],
  [plan("free", { calls: 10 }), plan("pro", { sso: true, calls: 100, theme: "a" }, { rank: 20 }), addOn("boost", { calls: 50 })],
);
const firstTenant = tenant({ plan: "free", metadata: { region: "eu" } });

type World = { catalogue: CatalogueFacts; tenant: TenantFacts };
/** A tenant's act or one of the catalogue, with the documents around it. */
type Done =
  | { kind: "tenant"; before: TenantFacts; after: TenantFacts; at: Instant }
  | { kind: "catalogue"; before: CatalogueFacts; after: CatalogueFacts; at: Instant };

const pick = fc.nat(1_000);
const step = fc.record({ what: fc.nat(18), a: pick, b: pick, wait: fc.constantFrom(0, 1, hour, day, 6 * day) });
const features = ["sso", "calls", "theme"];
const valueFor = (key: string, n: number) => (key === "sso" ? true : key === "calls" ? n : n % 2 === 0 ? "a" : "b");
const of = <T>(list: readonly T[], n: number): T | undefined => list[n % Math.max(1, list.length)];

function createLife() {
  const world: World = { catalogue: firstCatalogue, tenant: firstTenant };
  const done: Done[] = [];
  let now = start;
  let ids = 0;
  let revision = 1;
  const stamp = (): Stamp => ({ now, actor: ada, newId: (prefix) => `${prefix}_${++ids}` });

  function write(outcome: Outcome<TenantChange>) {
    if (!outcome.ok || !outcome.change) return false;
    const before = world.tenant;
    world.tenant = applyChange(before, outcome.change, ++revision);
    done.push({ kind: "tenant", before, after: world.tenant, at: now });
    return true;
  }
  function writeCatalogue(outcome: Outcome<CatalogueChange>) {
    if (!outcome.ok || !outcome.change) return false;
    const before = world.catalogue;
    world.catalogue = applyCatalogueChange(before, outcome.change, ++revision);
    done.push({ kind: "catalogue", before, after: world.catalogue, at: now });
    return true;
  }
  const hasPlan = (key: string) => Number(world.tenant.plan === key || world.tenant.addOns.some((a) => a.plan === key));
  const isScheduled = (key: string) => Number(world.tenant.scheduled?.some(({ plan }) => plan === key) ?? false);
  function undo(act: Done) {
    const options = { stamp: stamp(), action: "undo", why: null };
    if (act.kind === "tenant") {
      const reverted = revertTenant(world.tenant, act, { ...options, catalogue: namedCatalogue(world.catalogue) });
      write({ ok: true, change: reverted.change });
      return reverted.problems;
    }
    const hasGrants = (key: string) => world.tenant.grants.some((g) => g.feature === key);
    const reverted = revertCatalogue(world.catalogue, act, { tenantsHaving: (key) => hasPlan(key) + isScheduled(key), hasGrants }, options);
    catalogueAfter(world.catalogue, reverted.change);
    writeCatalogue({ ok: true, change: reverted.change });
    return reverted.problems;
  }
  /** What is due is written before each act, and undone as one. */
  function fold() {
    for (const { change } of foldedChanges(world.tenant, compileCatalogue(world.catalogue), now)) write({ ok: true, change });
  }
  function act({ what, a, b, wait }: { what: number; a: number; b: number; wait: number }) {
    now += wait;
    fold();
    const { tenant: facts, catalogue } = world;
    const compiled = compileCatalogue(catalogue);
    const key = of(features, a) as string;
    const grant = of(facts.grants, a)?.id ?? "none";
    const plans = catalogue.plans.map((p) => p.key);
    const put = (form: Parameters<typeof putTenant>[2]) => write(putTenant(facts, facts.key, form, compiled, stamp()));
    const acts = [
      () =>
        write(
          grantTrial(
            facts,
            { features: [{ feature: key, value: valueFor(key, b) }], startsAt: now + (b % 3) * day, endsAt: now + (4 + (b % 9)) * day },
            compiled,
            stamp(),
          ),
        ),
      () =>
        write(
          setOverride(
            facts,
            { feature: key, effect: b % 2 === 0 ? "deny" : "allow", value: valueFor(key, b), endsAt: b % 3 === 0 ? null : now + 5 * day },
            compiled,
            stamp(),
          ),
        ),
      () => write(extendGrant(facts, { grant, days: 1 + (b % 9) }, stamp())),
      () => write(endGrant(facts, { grant }, stamp())),
      () => write(convertTrial(facts, { grant }, compiled, stamp())),
      () => write(grantBundle(facts, { plan: of(plans, b) as string, endsAt: now + (4 + (b % 9)) * day }, compiled, stamp())),
      () => put({ plan: of([null, ...plans], b) }),
      () => put({ addOns: b % 2 === 0 ? [] : ["boost"] }),
      () => put({ status: of(["active", "suspended", "archived", "active"] as const, b) }),
      () => put({ metadata: b % 2 === 0 ? { region: "us" } : { seats: b }, name: `Acme ${a % 3}` }),
      () =>
        writeCatalogue(
          setPlanEntries(
            catalogue,
            [{ plan: of(plans, b) as string, feature: key, value: b % 4 === 0 ? null : valueFor(key, b) }],
            stamp(),
          ),
        ),
      () => writeCatalogue(b % 2 === 0 ? archiveFeature(catalogue, key, stamp()) : restoreFeature(catalogue, key, stamp())),
      () =>
        writeCatalogue(
          b % 2 === 0 ? archivePlan(catalogue, of(plans, a) as string, stamp()) : restorePlan(catalogue, of(plans, a) as string, stamp()),
        ),
      () => writeCatalogue(createPlan(catalogue, `plan_${a % 3}`, { kind: "base", includes: of([null, ...plans], b) }, stamp())),
      () => {
        const gone = of(plans, b) as string;
        writeCatalogue(deletePlan(catalogue, gone, { having: hasPlan(gone), scheduled: isScheduled(gone) }, stamp()));
      },
      () =>
        writeCatalogue(
          updatePlan(catalogue, of(plans, a) as string, { name: `P${b % 5}`, rank: b % 50, includes: of([null, ...plans], b) }, stamp()),
        ),
      () =>
        writeCatalogue(
          updateFeature(catalogue, "calls", { name: `C${b % 3}`, meter: { resetPeriod: "day", soft: b % 2 === 0, unit: null } }, stamp()),
        ),
      () => {
        const wanted = features.slice(0, 1 + (a % 2)).map((one) => ({ feature: one, value: valueFor(one, b) }));
        const endsAt = now + (4 + (b % 9)) * day;
        const granted = grantTrial(facts, { features: wanted, endsAt }, compiled, stamp());
        write(withPlanAfter(granted, facts, of(plans, a), compiled, stamp()));
      },
      () => (done.length === 0 ? false : undo(of(done, b) as Done)),
    ];
    (acts[what] as () => unknown)();
  }
  return { world, done, act, undo, now: () => now };
}

const identity = (g: Grant) => g.restores ?? g.id;
/** A tenant apart from what an undo makes again: revisions, and rows that give back grants. */
const shownTenant = (facts: TenantFacts, now: Instant) => ({
  ...{ ...facts, revision: 0 },
  grants: facts.grants
    .filter((g) => !isOver(g, now))
    .map(({ id, restores, extends: _, createdAt, createdBy, startsAt, ...g }) => ({
      ...g,
      id: restores ?? id,
      startsAt: Math.max(startsAt, now),
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1)),
});
const shownCatalogue = ({ features, plans }: CatalogueFacts) => ({
  features: features.map((f) => ({ ...f, periodChanges: undefined, revision: 0 })),
  plans: plans.map((p) => ({ ...p, revision: 0 })),
});
const answersOf = ({ tenant: facts, catalogue }: World, now: Instant) =>
  features.map((key) => {
    const { entitled, reason, limit, value } = decide({ tenant: facts, catalogue: compileCatalogue(catalogue), feature: key, now }) as {
      entitled: boolean;
      reason: string;
      limit?: unknown;
      value?: unknown;
    };
    return { entitled, reason, limit, value };
  });

test("undoing everything in reverse order, undos included, refuses nothing and gives the first state again", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const life = createLife();
      for (const one of steps) life.act(one);
      for (const act of life.done.slice().reverse()) {
        const refused = life.undo(act).filter((p) => p.kind === "refused");
        // An undo adds a change of the reset period, and those are bounded.
        fc.pre(!refused.some(({ message }) => message.includes("still depend on the last")));
        expect(refused).toEqual([]);
      }
      expect(shownCatalogue(life.world.catalogue)).toEqual(shownCatalogue(firstCatalogue));
      expect(shownTenant(life.world.tenant, life.now())).toEqual(shownTenant(firstTenant, life.now()));
      expect(answersOf(life.world, life.now())).toEqual(answersOf({ catalogue: firstCatalogue, tenant: firstTenant }, life.now()));
    }),
    { numRuns: 2_000 },
  );
});

test("after any acts and undos a tenant has at most one grant of a kind and feature at an instant, and no grant twice", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const life = createLife();
      for (const one of steps) life.act(one);
      const { grants } = life.world.tenant;
      const live = grants.filter((g) => !isOver(g, life.now()));
      expect(new Set(live.map(identity)).size).toBe(live.length);
      for (const g of live)
        for (const other of live) {
          if (g === other || g.kind !== other.kind || g.feature !== other.feature) continue;
          expect(g.startsAt >= (other.endsAt ?? Number.POSITIVE_INFINITY) || other.startsAt >= (g.endsAt ?? Number.POSITIVE_INFINITY)).toBe(
            true,
          );
        }
    }),
    { numRuns: 1_000 },
  );
});
