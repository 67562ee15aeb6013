import { describe, expect, test } from "vitest";
import { bulkStep } from "~/core/bulk/bulk-step";
import { applyChange, type TenantChange } from "~/core/decision/changes";
import { decide } from "~/core/decision/decide";
import type { Instant, TenantFacts } from "~/core/model";
import type { Outcome } from "~/core/outcome";
import { effective, maxScheduled } from "~/core/schedules/effective";
import { foldedChanges, moveScheduled, scheduleChange } from "~/core/schedules/schedule-changes";
import { day } from "~/core/time";
import { namedCatalogue, revertTenant } from "~/core/undo/revert-tenant";
import { ada, addOn, catalogueFacts, feature, made, now, plan, tenant } from "~tests/facts";
import { compileCatalogue } from "../catalogue/catalogue";
import { grantBundle } from "./bundles";
import { convertTrial } from "./convert-trial";
import { endGrant, extendGrant, grantTrial } from "./grant-changes";
import { withPlanAfter } from "./plan-after";

let count = 0;
/** Ids differ between changes. */
const stamp = (at: Instant = now) => ({ now: at, actor: ada, newId: (prefix: string) => `${prefix}_${++count}` });
const facts = catalogueFacts(
  [feature("sso"), feature("epics"), feature("search")],
  [
    plan("free", { search: true }, { name: "Free" }),
    plan("top", { sso: true, epics: true }, { name: "Top", rank: 20, includes: "free" }),
    plan("gone", {}, { name: "Gone", archivedAt: 1 }),
    addOn("boost", { sso: true }, { name: "Boost" }),
  ],
);
const shop = compileCatalogue(facts);
const acme = tenant({ name: "Acme", plan: "free" });
const end = now + 14 * day;

type World = { before: TenantFacts; after: TenantFacts; at: Instant };
const world = (before: TenantFacts, outcome: Outcome<TenantChange>, at = now): World => ({
  before,
  after: applyChange(before, made(outcome), before.revision + 1),
  at,
});
const undo = (of: TenantFacts, past: World, at: Instant) =>
  revertTenant(of, past, { stamp: stamp(at), action: "undo", why: null, catalogue: namedCatalogue(facts) });
const after = (of: TenantFacts, change: TenantChange | null) => (change ? applyChange(of, change, of.revision + 1) : of);

const granting = (of: TenantFacts, plan: string, features = ["sso"], at = now) => {
  const form = { features: features.map((feature) => ({ feature })), endsAt: at + 14 * day, note: "Pilot" };
  return withPlanAfter(grantTrial(of, form, shop, stamp(at)), of, plan, shop, stamp(at));
};
const bundling = (of: TenantFacts) => withPlanAfter(grantBundle(of, { plan: "top", endsAt: end }, shop, stamp()), of, "top", shop, stamp());
const granted = () => world(acme, granting(acme, "top"));
const idOf = ({ grants }: TenantFacts, feature = "sso") => grants.find((grant) => grant.feature === feature)?.id as string;
const times = ({ scheduled = [] }: TenantFacts) => scheduled.map(({ at, plan }) => [at, plan]);

describe("a trial with a plan afterwards", () => {
  test("is one change, and the tenant has the trial until its end and the plan from it on", () => {
    const change = made(granting(acme, "top"));
    expect(change).toMatchObject({
      action: "trial.granted",
      grants: [{ feature: "sso" }],
      set: { scheduled: [{ at: end, note: "Pilot" }] },
    });
    const { after: has } = granted();
    const answer = (key: string, at: Instant) => decide({ tenant: has, catalogue: shop, feature: key, now: at }).entitled;
    expect([end - 1, end].map((at) => [answer("sso", at), answer("epics", at)])).toEqual([
      [true, false],
      [true, true],
    ]);
    expect(effective(has, shop, end - 1).plan).toBe("free");
  });

  test.each([
    ["an archived plan", "gone", "plan_archived"],
    ["an unknown plan", "none", "plan_not_found"],
    ["an add-on", "boost", "plan_kind"],
    ["the plan that it has by then", "free", "schedule_unchanged"],
  ])("%s is refused as a schedule is, and nothing is granted", (_what, plan, code) => {
    expect(granting(acme, plan)).toMatchObject({ ok: false, code, field: "whenItEnds.plan" });
  });

  test("a second move to the same plan by then is refused, and to another one follows in its order", () => {
    const first = applyChange(acme, made(scheduleChange(acme, { at: end, plan: "top" }, shop, stamp())), 2);
    expect(granting(first, "top")).toMatchObject({ ok: false, code: "schedule_unchanged" });
    const both = applyChange(first, made(granting(first, "free")), 3);
    expect([times(both), effective(both, shop, end).plan]).toEqual([
      [
        [end, "top"],
        [end, "free"],
      ],
      "free",
    ]);
  });

  test("is refused beyond the most scheduled changes", () => {
    let full: TenantFacts = acme;
    for (let i = 0; i < maxScheduled; i += 1) {
      const status = i % 2 === 0 ? ("suspended" as const) : ("active" as const);
      full = applyChange(full, made(scheduleChange(full, { at: now + 1 + i, status }, shop, stamp())), i + 2);
    }
    expect(granting(full, "top")).toMatchObject({ ok: false, code: "schedule_full" });
  });

  test("extending it moves the plan to the new end, and undoing that moves it back", () => {
    const { after: has } = granted();
    const extended = world(has, extendGrant(has, { grant: idOf(has), days: 7 }, stamp(now + 1)), now + 1);
    expect(times(extended.after)).toEqual([[end + 7 * day, "top"]]);
    const undone = undo(extended.after, extended, now + 2);
    expect(undone.problems).toEqual([]);
    const back = after(extended.after, undone.change);
    expect([times(back), back.grants.map(({ endsAt }) => endsAt)]).toEqual([[[end, "top"]], [end]]);
    // What came back is followed as what was granted first.
    const again = extendGrant(back, { grant: idOf(back), days: 1 }, stamp(now + 3));
    expect(times(applyChange(back, made(again), 9))).toEqual([[end + day, "top"]]);
  });

  test("extending works although the plan is archived meanwhile, and the plan is then in trouble as any other", () => {
    const { after: has } = granted();
    const extended = applyChange(has, made(extendGrant(has, { grant: idOf(has), days: 7 }, stamp(now + 1))), 3);
    const archived = compileCatalogue({ ...facts, plans: facts.plans.map((p) => (p.key === "top" ? { ...p, archivedAt: now } : p)) });
    expect(effective(extended, archived, end + 7 * day)).toMatchObject({ plan: "free", scheduled: [{ problem: "plan_archived" }] });
  });

  test.each([
    ["ending it early", (has: TenantFacts) => endGrant(has, { grant: idOf(has) }, stamp(now + 1))],
    ["converting it", (has: TenantFacts) => convertTrial(has, { grant: idOf(has) }, shop, stamp(now + 1))],
    [
      "a bulk act that ends it",
      (has: TenantFacts): Outcome<TenantChange> => {
        const verdict = bulkStep(has, { act: "end_trial", features: [] }, null, shop, stamp(now + 1));
        return { ok: true, change: verdict.state === "done" ? verdict.change : null };
      },
    ],
  ])("%s cancels the plan, and undoing that gives back both", (_what, act) => {
    const { after: has } = granted();
    const ended = world(has, act(has), now + 1);
    expect([times(ended.after), ended.after.grants]).toEqual([[], []]);
    const { change, problems } = undo(ended.after, ended, now + 2);
    const back = after(ended.after, change);
    expect([problems, times(back), back.grants.length]).toEqual([[], [[end, "top"]], 1]);
    const again = applyChange(back, made(endGrant(back, { grant: idOf(back) }, stamp(now + 3))), 9);
    expect(times(again)).toEqual([]);
  });

  test("undoing the grant takes away both, and undoing that gives back both", () => {
    const one = granted();
    const undone = undo(one.after, one, now + 1);
    const gone = after(one.after, undone.change);
    expect([undone.problems, gone.scheduled, gone.grants, gone.plan]).toEqual([[], undefined, [], "free"]);
    const redone = undo(gone, { before: one.after, after: gone, at: now + 1 }, now + 2);
    expect([redone.problems, times(after(gone, redone.change))]).toEqual([[], [[end, "top"]]]);
  });

  test("what would have taken effect by now does not come back with an undo", () => {
    const { after: has } = granted();
    const ended = world(has, endGrant(has, { grant: idOf(has) }, stamp(now + 1)), now + 1);
    const { change, problems } = undo(ended.after, ended, end);
    expect([change, problems.map(({ kind }) => kind)]).toEqual([null, ["settled", "settled"]]);
  });

  test("once it took effect, undoing the grant leaves the plan", () => {
    const one = granted();
    const [folded] = foldedChanges(one.after, shop, end);
    const then = applyChange(one.after, folded?.change as TenantChange, 9);
    const { change, problems } = undo(then, one, end + 1);
    expect([then.plan, change, problems.every(({ kind }) => kind === "settled")]).toEqual(["top", null, true]);
  });

  test("moved by hand it has a time of its own, and undoing the grant says that it was changed", () => {
    const one = granted();
    const id = one.after.scheduled?.[0]?.id as string;
    const moved = applyChange(one.after, made(moveScheduled(one.after, { id, at: end + day }, shop, stamp(now + 1))), 3);
    const extended = applyChange(moved, made(extendGrant(moved, { grant: idOf(moved), days: 7 }, stamp(now + 2))), 4);
    expect(times(extended)).toEqual([[end + day, "top"]]);
    expect(undo(moved, one, now + 2).problems).toMatchObject([{ kind: "refused", isChanged: true, field: `scheduled/${id}` }]);
  });

  test("what is scheduled besides does not keep an act from being undone", () => {
    const one = granted();
    const more = applyChange(one.after, made(scheduleChange(one.after, { at: end + day, status: "suspended" }, shop, stamp(now + 1))), 3);
    const { change, problems } = undo(more, one, now + 2);
    expect([problems, after(more, change).scheduled?.map(({ status }) => status)]).toEqual([[], ["suspended"]]);
  });
});

describe("several trials with a plan afterwards", () => {
  const two = () => applyChange(acme, made(granting(acme, "top", ["sso", "epics"])), 2);

  test("it follows the last of them, and ends with the last of them", () => {
    const has = two();
    const longer = applyChange(has, made(extendGrant(has, { grant: idOf(has, "epics"), days: 7 }, stamp(now + 1))), 3);
    expect(times(longer)).toEqual([[end + 7 * day, "top"]]);
    const one = applyChange(longer, made(endGrant(longer, { grant: idOf(longer, "epics") }, stamp(now + 2))), 4);
    expect(times(one)).toEqual([[end, "top"]]);
    expect(times(applyChange(one, made(endGrant(one, { grant: idOf(one) }, stamp(now + 3))), 5))).toEqual([]);
  });

  test("a bulk act that ends all of them says before that the plan is cancelled", () => {
    const verdict = bulkStep(two(), { act: "end_trial", features: [] }, null, shop, stamp(now + 1));
    expect(verdict.message).toMatch(/until 4 December 2026\. This cancels the coming change at its end\.$/);
  });

  test("a bulk act extends all of them, and the plan with them", () => {
    const has = two();
    const verdict = bulkStep(has, { act: "extend_trial", features: [], days: 7 }, null, shop, stamp(now + 1));
    expect(verdict.state === "done" && times(after(has, verdict.change))).toEqual([[end + 7 * day, "top"]]);
  });
});

test("a bundle is followed as one", () => {
  const one = world(acme, bundling(acme));
  const has = one.after;
  expect([times(has), has.scheduled?.[0]?.follows?.length]).toEqual([[[end, "top"]], 1]);
  const longer = applyChange(has, made(extendGrant(has, { grant: idOf(has, "epics"), days: 7 }, stamp(now + 1))), 3);
  expect(times(longer)).toEqual([[end + 7 * day, "top"]]);
  const converted = applyChange(longer, made(convertTrial(longer, { grant: idOf(longer) }, shop, stamp(now + 2))), 4);
  expect([converted.plan, converted.scheduled]).toEqual(["top", undefined]);
  expect(after(has, undo(has, one, now + 1).change)).toMatchObject({ plan: "free", grants: [] });
  expect(after(has, undo(has, one, now + 1).change).scheduled).toBe(undefined);
});
