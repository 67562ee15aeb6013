import { describe, expect, test } from "vitest";
import { applyChange } from "~/core/decision/changes";
import { decide } from "~/core/decision/decide";
import type { TenantFacts } from "~/core/model";
import { day } from "~/core/time";
import { ada, addOn, catalogue, feature, frozen, made, now, plan, stamp, tenant } from "~tests/facts";
import { effective, maxScheduled } from "./effective";
import { cancelScheduled, foldedChanges, moveScheduled, type ScheduleForm, scheduleChange } from "./schedule-changes";

const features = [feature("sso"), feature("audit")];
const plans = [plan("free"), plan("pro", { sso: true }), plan("old", {}, { archivedAt: now - day }), addOn("more", { audit: true })];
const shop = catalogue(features, plans);
const acme = frozen(tenant({ plan: "free" }));
const at = now + 10 * day;

let ids = 0;
const stampAt = (instant = now) => ({ ...stamp(instant), newId: (prefix: string) => `${prefix}_${++ids}` });
const schedule = (facts: TenantFacts, form: ScheduleForm, instant = now) => scheduleChange(facts, form, shop, stampAt(instant));
const add = (facts: TenantFacts, form: ScheduleForm) => frozen(applyChange(facts, made(schedule(facts, form)), facts.revision + 1));
const has = (facts: TenantFacts, key: string, instant: number) =>
  decide({ tenant: facts, catalogue: shop, feature: key, now: instant }).entitled;

describe("scheduling a change", () => {
  test("it takes effect at its instant and not a millisecond before", () => {
    const facts = add(acme, { at, plan: "pro" });
    expect([at - 1, at, at + 1].map((instant) => has(facts, "sso", instant))).toEqual([false, true, true]);
    expect(facts.plan).toBe("free");
  });

  test("a suspension and its end are both in the facts, and each counts from its instant", () => {
    const facts = add(add(add(acme, { at: now + 1, plan: "pro" }), { at, status: "suspended" }), { at: at + day, status: "active" });
    expect([at - 1, at, at + day - 1, at + day].map((instant) => has(facts, "sso", instant))).toEqual([true, false, false, true]);
  });

  test("an add-on that begins later counts as added at its instant", () => {
    const facts = add(acme, { at, addOns: { add: ["more"], remove: [] } });
    expect(effective(facts, shop, at).addOns).toEqual([{ plan: "more", addedAt: at }]);
  });

  test.each<[string, ScheduleForm, string, string | undefined]>([
    ["now", { at: now, plan: "pro" }, "schedule_in_past", "at"],
    ["in the past", { at: now - 1, plan: "pro" }, "schedule_in_past", "at"],
    ["without a change", { at }, "schedule_unchanged", undefined],
    ["to an unknown plan", { at, plan: "gone" }, "plan_not_found", "plan"],
    ["to an archived plan", { at, plan: "old" }, "plan_archived", "plan"],
    ["to an add-on as its plan", { at, plan: "more" }, "plan_kind", "plan"],
    ["with a plan as add-on", { at, addOns: { add: ["pro"], remove: [] } }, "plan_kind", "addOns"],
    ["to the plan that it has", { at, plan: "free" }, "schedule_unchanged", "plan"],
    ["to the status that it has", { at, status: "active" }, "schedule_unchanged", "status"],
    ["that removes an add-on it does not have", { at, addOns: { add: [], remove: ["more"] } }, "schedule_unchanged", "addOns"],
  ])("%s is refused, with the field", (_what, form, code, field) => {
    expect(schedule(acme, form)).toMatchObject({ ok: false, code, ...(field ? { field } : {}) });
  });

  test("it is compared with what is scheduled before it, not with what is so now", () => {
    const facts = add(acme, { at, plan: "pro" });
    expect(schedule(facts, { at: at + day, plan: "pro" })).toMatchObject({ ok: false, code: "schedule_unchanged" });
    expect(schedule(facts, { at: at + day, plan: "free" }).ok).toBe(true);
  });

  test("a tenant has at most so many", () => {
    let facts: TenantFacts = acme;
    for (let i = 0; i < maxScheduled; i += 1) facts = add(facts, { at: at + i, plan: i % 2 === 0 ? "pro" : "free" });
    expect(schedule(facts, { at: at + day, plan: "pro" })).toMatchObject({ ok: false, code: "schedule_full" });
  });
});

describe("a change that is scheduled", () => {
  const facts = add(acme, { at, plan: "pro", note: "Contract" });
  const [entry] = facts.scheduled ?? [];
  const id = entry?.id ?? "";

  test("is moved, and then counts from there", () => {
    const moved = applyChange(facts, made(moveScheduled(facts, { id, at: at + day }, shop, stampAt())), 3);
    expect([at, at + day - 1, at + day].map((instant) => has(moved, "sso", instant))).toEqual([false, false, true]);
    expect(moved.scheduled).toEqual([{ ...entry, at: at + day }]);
  });

  test("is not moved into the past, and not where it would change nothing", () => {
    expect(moveScheduled(facts, { id, at: now }, shop, stampAt())).toMatchObject({ code: "schedule_in_past" });
    const twice = add(add(facts, { at: at + day, plan: "free" }), { at: at + 2 * day, plan: "pro" });
    expect(moveScheduled(twice, { id, at: at + 3 * day }, shop, stampAt())).toMatchObject({ code: "schedule_unchanged" });
  });

  test("is cancelled and leaves nothing behind", () => {
    const change = made(cancelScheduled(facts, { id }, stampAt()));
    expect(applyChange(facts, change, acme.revision)).toEqual(acme);
  });

  test("is not found once it was cancelled or has taken effect", () => {
    expect(cancelScheduled(acme, { id }, stampAt())).toMatchObject({ code: "schedule_not_found" });
    expect(moveScheduled(effective(facts, shop, at), { id, at: at + day }, shop, stampAt(at))).toMatchObject({
      code: "schedule_not_found",
    });
  });

  test("is written into rows in the name of who scheduled it", () => {
    const [folded] = foldedChanges(facts, shop, at + 5);
    expect(folded?.entry.by).toEqual({ kind: ada.kind, id: ada.id, name: ada.name });
    expect(folded?.change).toMatchObject({ action: "tenant.scheduled_change_applied", at: at + 5, why: "Contract" });
    expect(foldedChanges(facts, shop, at - 1)).toEqual([]);
  });

  test("that became impossible has no effect, stays with its reason, and can be moved once it is possible", () => {
    const archived = catalogue(features, [plan("free"), plan("pro", { sso: true }, { archivedAt: at - 1 })]);
    const then = effective(facts, archived, at);
    expect(then).toMatchObject({ plan: "free", scheduled: [{ id, problem: "plan_archived" }] });
    expect(foldedChanges(facts, archived, at)[0]).toMatchObject({ after: then, change: { action: "tenant.scheduled_change_refused" } });
    expect(moveScheduled(then, { id, at: at + day }, archived, stampAt(at))).toMatchObject({ code: "plan_archived" });
    const moved = applyChange(then, made(moveScheduled(then, { id, at: at + day }, shop, stampAt(at))), 4);
    expect(has(moved, "sso", at + day)).toBe(true);
  });

  test("to a plan that is archived only afterwards has taken effect all the same", () => {
    const archived = catalogue(features, [plan("free"), plan("pro", { sso: true }, { archivedAt: at + 1 })]);
    expect(effective(facts, archived, at + day).plan).toBe("pro");
  });
});
