import { expect, test } from "vitest";
import { bulkStep } from "~/core/bulk/bulk-step";
import { applyChange, type TenantChange } from "~/core/decision/changes";
import type { TenantFacts, Trial } from "~/core/model";
import type { Outcome } from "~/core/outcome";
import { allowed, noRails, trialSpans } from "~/core/rails/guard-rails";
import { withinRails } from "~/core/rails/within-rails";
import { day } from "~/core/time";
import { ada, catalogue, feature, made, meteredFeature, now, plan, tenant, trial } from "~tests/facts";
import { grantBundle } from "./bundles";
import { convertTrial } from "./convert-trial";
import { endGrant, extendGrant } from "./grant-changes";

let count = 0;
/** Ids differ between changes. */
const stamp = (at = now) => ({ now: at, actor: ada, newId: (prefix: string) => `${prefix}_${++count}` });

const shop = catalogue(
  [feature("sso"), feature("epics"), feature("search"), feature("old", { archivedAt: 1 }), meteredFeature("calls"), meteredFeature("none")],
  [
    plan("free", { search: true, calls: 10 }, { name: "Free" }),
    plan("top", { sso: true, epics: true, old: true, calls: 100, none: 0 }, { name: "Top", rank: 20, includes: "free" }),
    plan("other", { sso: true }, { name: "Other", rank: 30 }),
    plan("gone", { sso: true }, { name: "Gone", archivedAt: 1 }),
  ],
);
const acme = (more: Parameters<typeof tenant>[0] = {}) => tenant({ name: "Acme", plan: "free", ...more });
const bundle = (facts: TenantFacts, form = {}) => grantBundle(facts, { plan: "top", endsAt: now + 14 * day, ...form }, shop, stamp());
const after = (facts: TenantFacts, outcome: Outcome<TenantChange>) => applyChange(facts, made(outcome), facts.revision + 1);
const granted = () => after(acme(), bundle(acme()));
const someOf = (facts: TenantFacts) => facts.grants.find((g) => g.feature === "epics")?.id as string;

test("grants what the plan gives and the tenant does not have, as one bundle, and names what it skips", () => {
  const facts = acme({ grants: [trial("sso", { endsAt: now + day })] });
  const change = made(bundle(facts, { note: "Pilot" }));
  expect(change).toMatchObject({ action: "trial.granted", why: "Pilot" });
  const trials = change.grants as Trial[];
  expect(trials.map((t) => [t.feature, t.value]).sort()).toEqual([
    ["calls", 100],
    ["epics", true],
  ]);
  expect(new Set(trials.map((t) => JSON.stringify(t.bundle))).size).toBe(1);
  expect(trials[0]?.bundle).toEqual({ id: expect.any(String), plan: "top" });
  expect(change.skipped).toEqual([
    { feature: "sso", why: "on_trial" },
    { feature: "search", why: "included" },
  ]);
});

test("refuses an archived or missing plan, one that gives nothing more, and an archived tenant", () => {
  expect(bundle(acme(), { plan: "gone" })).toMatchObject({ code: "plan_archived" });
  expect(bundle(acme(), { plan: "nope" })).toMatchObject({ code: "plan_not_found" });
  expect(bundle(acme({ plan: "top" }))).toMatchObject({
    code: "plan_unsuitable",
    message: expect.stringMatching(/^Acme has all that Top/),
  });
  expect(bundle(acme({ status: "archived" }))).toMatchObject({ code: "tenant_archived" });
});

test("is extended, ended and converted as one, by any of its trials", () => {
  const facts = granted();
  const extended = after(facts, extendGrant(facts, { grant: someOf(facts), days: 7 }, stamp(now + 1)));
  expect(extended.grants.map((g) => g.endsAt)).toEqual(Array(3).fill(now + 21 * day));
  expect(new Set(extended.grants.map((g) => (g as Trial).bundle?.id)).size).toBe(1);
  expect(after(extended, endGrant(extended, { grant: someOf(extended) }, stamp(now + 2))).grants).toEqual([]);
  const converted = after(extended, convertTrial(extended, { grant: someOf(extended) }, shop, stamp(now + 2)));
  expect(converted).toMatchObject({ plan: "top", grants: [] });
  expect(convertTrial(extended, { grant: someOf(extended), plan: "other" }, shop, stamp(now + 2))).toMatchObject({
    code: "plan_unsuitable",
    message: "Other does not include all of the bundle Top. Choose a plan that does.",
  });
});

test("bulk acts extend and end a bundle once", () => {
  const facts = granted();
  const extend = bulkStep(facts, { act: "extend_trial", features: [], days: 7 }, null, shop, stamp(now + 1));
  expect(extend).toMatchObject({ state: "done", message: "Bundle Top: ends on 11 December 2026 instead of 4 December 2026." });
  if (extend.state === "done") expect(extend.change?.grants).toHaveLength(6);
  const end = bulkStep(facts, { act: "end_trial", features: ["sso"] }, null, shop, stamp(now + 1));
  expect(end).toMatchObject({ state: "done", message: "Ends the bundle Top, which ran until 4 December 2026." });
  if (end.state === "done") expect(end.change?.grants).toHaveLength(3);
});

test("counts as one trial for the most trials at once, and per feature for the days between two trials", () => {
  const rules = { ...noRails, maxLive: 2, daysApart: 30 };
  const bounds = (facts: TenantFacts) => ({ rules, role: "program" as const, spans: trialSpans(facts.grants), approvals: null });
  expect(withinRails(bundle(acme()), bounds(acme()), null, shop)).toMatchObject({ ok: true });
  const act = { kind: "grant" as const, features: [{ feature: "x", name: "X" }], startsAt: now, endsAt: now + day };
  expect(allowed(act, "program", rules, trialSpans(granted().grants))).toEqual({ may: "yes" });
  const past = trial("sso", { startsAt: now - 9 * day, endsAt: now - day });
  const near = withinRails(bundle(acme()), { ...bounds(acme()), spans: trialSpans([past]) }, null, shop);
  expect(near).toMatchObject({ ok: false, code: "guard_rail" });
});
