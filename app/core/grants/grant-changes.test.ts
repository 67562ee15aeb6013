import { describe, expect, test } from "vitest";
import { applyChange, type TenantChange } from "~/core/decision/changes";
import { decide } from "~/core/decision/decide";
import type { Grant, Instant, TenantFacts } from "~/core/model";
import type { Outcome } from "~/core/outcome";
import { day, hour } from "~/core/time";
import { catalogue, configFeature, denial, feature, frozen, made, meteredFeature, now, override, stamp, tenant, trial } from "~tests/facts";
import { grantTrial, type OverrideForm, setOverride, type TrialForm } from "./grant-changes";

const shop = catalogue([
  feature("sso", { name: "Single sign-on" }),
  feature("search"),
  feature("old", { name: "Old thing", archivedAt: now - day }),
  meteredFeature("api_calls", {}, { name: "API calls" }),
  configFeature("region", { kind: "text", options: ["eu", "us"] }, { name: "Region" }),
  configFeature("theme", { kind: "json" }),
]);
const until = now + 14 * day;

const acme = (...grants: Grant[]) => frozen(tenant({ grants }));
const give = (form: Partial<TrialForm>, facts = acme(), at = now) =>
  grantTrial(facts, frozen({ features: [{ feature: "sso" }], endsAt: until, ...form }), shop, stamp(at));
const set = (form: Partial<OverrideForm>, facts = acme(), at = now) =>
  setOverride(facts, frozen({ feature: "sso", effect: "allow", ...form }), shop, stamp(at));

const applied = (facts: TenantFacts, outcome: Outcome<TenantChange>) => applyChange(facts, made(outcome), facts.revision + 1);
const ask = (facts: TenantFacts, at: Instant, key = "sso") => decide({ tenant: facts, catalogue: shop, feature: key, now: at });
const refusal = (code: string, field: string | undefined, message: RegExp) => ({
  ok: false,
  code,
  message: expect.stringMatching(message),
  ...(field === undefined ? {} : { field }),
});

describe("granting a trial", () => {
  test("makes one row, from now, by whom and why", () => {
    const change = made(give({ note: "Asked for on the phone" }));
    expect(change).toEqual({
      action: "trial.granted",
      key: "acme",
      set: {},
      at: now,
      why: "Asked for on the phone",
      grants: [
        {
          id: "gr_1",
          kind: "trial",
          feature: "sso",
          value: true,
          startsAt: now,
          endsAt: until,
          endedAt: null,
          extends: null,
          note: "Asked for on the phone",
          createdAt: now,
          createdBy: "Ada",
        },
      ],
    });
  });

  test("is a yes in the same millisecond and a no at its end", () => {
    const facts = applied(acme(), give({}));
    expect([now, until - 1, until].map((at) => ask(facts, at).reason)).toEqual(["trial", "trial", "not_in_plan"]);
  });

  test("of several features makes a row for each, with its own id and value", () => {
    const features = [{ feature: "sso" }, { feature: "api_calls", value: "unlimited" }, { feature: "region", value: "us" }];
    const grants = made(give({ features })).grants as Extract<Grant, { kind: "trial" }>[];
    expect(grants.map((g) => [g.id, g.feature, g.value])).toEqual([
      ["gr_1", "sso", true],
      ["gr_2", "api_calls", "unlimited"],
      ["gr_3", "region", "us"],
    ]);
  });

  test.each<[string, TrialForm["features"], string]>([
    ["one is unknown", [{ feature: "sso" }, { feature: "gone" }], "feature_not_found"],
    ["one is archived", [{ feature: "sso" }, { feature: "old" }], "feature_archived"],
    ["one has no limit", [{ feature: "sso" }, { feature: "api_calls" }], "value_invalid"],
    ["one is on trial already", [{ feature: "sso" }, { feature: "search" }], "grant_overlaps"],
    ["one is named twice", [{ feature: "sso" }, { feature: "sso" }], "grant_overlaps"],
  ])("of several features is all or none: none when %s", (_, features, code) => {
    expect(give({ features }, acme(trial("search")))).toMatchObject({ ok: false, code });
  });

  test("of no feature is no change", () => {
    expect(give({ features: [] })).toEqual({ ok: true, change: null });
  });

  test("may begin later, or have begun before", () => {
    const later = applied(acme(), give({ startsAt: now + day }));
    expect([now, now + day - 1, now + day].map((at) => ask(later, at).entitled)).toEqual([false, false, true]);
    expect(ask(applied(acme(), give({ startsAt: now - day })), now).entitled).toBe(true);
  });

  test("to a suspended tenant waits until it is reinstated", () => {
    const facts = applied({ ...acme(), status: "suspended" }, give({}, { ...acme(), status: "suspended" }));
    expect([ask(facts, now).reason, ask({ ...facts, status: "active" }, now).reason]).toEqual(["tenant_suspended", "trial"]);
  });
});

describe("a trial or override is refused", () => {
  test.each<[string, Partial<TrialForm>, ReturnType<typeof refusal>]>([
    ["of an unknown feature", { features: [{ feature: "gone" }] }, refusal("feature_not_found", "feature", /no feature gone/)],
    ["of a method's name", { features: [{ feature: "toString" }] }, refusal("feature_not_found", "feature", /no feature toString/)],
    [
      "of an archived feature",
      { features: [{ feature: "old" }] },
      refusal("feature_archived", "feature", /Old thing is archived\. Restore/),
    ],
    ["without the limit it needs", { features: [{ feature: "api_calls" }] }, refusal("value_invalid", "value", /API calls needs a limit/)],
    ["of less than 0", { features: [{ feature: "api_calls", value: -1 }] }, refusal("value_invalid", "value", /whole number from 0/)],
    ["of an option that is none", { features: [{ feature: "region", value: "asia" }] }, refusal("value_invalid", "value", /one of eu, us/)],
    ["without a value", { features: [{ feature: "theme" }] }, refusal("value_invalid", "value", /needs a value/)],
    ["of null", { features: [{ feature: "theme", value: null }] }, refusal("value_invalid", "value", /must not be null/)],
    [
      "of a boolean feature that it sets to no",
      { features: [{ feature: "sso", value: false }] },
      refusal("value_invalid", "value", /is a boolean feature/),
    ],
    ["that ended yesterday", { endsAt: now - day }, refusal("ends_in_past", "endsAt", /still to come/)],
    ["that ends now", { endsAt: now }, refusal("ends_in_past", "endsAt", /still to come/)],
    ["that began and ended in the past", { startsAt: now - 2, endsAt: now - 1 }, refusal("ends_in_past", "endsAt", /still to come/)],
    ["that ends as it starts", { startsAt: until, endsAt: until }, refusal("ends_before_start", "endsAt", /after the start/)],
    ["that ends before it starts", { startsAt: until + 1, endsAt: until }, refusal("ends_before_start", "endsAt", /after the start/)],
  ])("%s", (_, form, expected) => {
    expect(give(form)).toEqual(expected);
    const { features = [{ feature: "sso" }], ...times } = form;
    expect(set({ ...features[0], endsAt: until, ...times })).toEqual(expected);
  });

  test("to an archived tenant", () => {
    const gone = { ...acme(), status: "archived" as const };
    expect(give({}, gone)).toEqual(refusal("tenant_archived", undefined, /Acme is archived\. Reinstate/));
    expect(set({ effect: "deny" }, gone)).toMatchObject({ code: "tenant_archived" });
  });

  test.each([
    [{ endsAt: now + 1 }, true],
    [{ startsAt: until - 1, endsAt: until }, true],
    [{ startsAt: now - 2 * day, endsAt: now + 1 }, true],
  ])("not when it lasts a single millisecond that is to come", (form, ok) => {
    expect(give(form).ok).toBe(ok);
    expect(set(form).ok).toBe(ok);
  });
});

describe("of one feature there is one trial and one override at a time", () => {
  const has = acme(trial("sso", { startsAt: now + day, endsAt: now + 2 * day }));
  const overridden = acme(denial("sso", { startsAt: now + day, endsAt: now + 2 * day }));

  test.each([
    ["ends as the other starts", now, now + day, true],
    ["ends 1 ms into the other", now, now + day + 1, false],
    ["lies within the other", now + day + hour, now + day + 2 * hour, false],
    ["holds the other", now, now + 3 * day, false],
    ["starts 1 ms before the other's end", now + 2 * day - 1, now + 3 * day, false],
    ["starts as the other ends", now + 2 * day, now + 3 * day, true],
  ])("one that %s: allowed %4$s", (_, startsAt, endsAt, ok) => {
    const code = ok ? {} : { code: "grant_overlaps", field: "feature" };
    expect(give({ startsAt, endsAt }, has)).toMatchObject({ ok, ...code });
    expect(set({ startsAt, endsAt }, overridden)).toMatchObject({ ok, ...code });
  });

  test("the refusal says until when the other lasts and what can be done", () => {
    expect(give({}, has)).toMatchObject({
      message: "Acme already has a trial of Single sign-on until 22 November 2026. Extend it, or end it first.",
    });
    expect(set({}, acme(denial("sso")))).toMatchObject({
      message: "Acme already has an override of Single sign-on without an end. End it first.",
    });
  });

  test("an override without an end meets every later one", () => {
    expect(set({}, overridden)).toMatchObject({ code: "grant_overlaps" });
    expect(set({ startsAt: now + 2 * day }, overridden)).toMatchObject({ ok: true });
  });

  test("one that is over, called off, of another kind or feature is not in the way", () => {
    const others = [
      trial("sso", { endsAt: now }),
      trial("sso", { endedAt: now }),
      trial("sso", { startsAt: now + day, endedAt: now }),
      override("sso"),
      trial("search"),
    ];
    expect(give({}, acme(...others)).ok).toBe(true);
    expect(give({}, acme(trial("sso", { endsAt: now + 1 })))).toMatchObject({ code: "grant_overlaps" });
  });
});

describe("setting an override", () => {
  test("that allows carries its value; a boolean feature's is true without being told", () => {
    expect(made(set({})).grants[0]).toMatchObject({ kind: "override", effect: "allow", value: true, endsAt: null, startsAt: now });
    expect(made(set({ feature: "api_calls", value: 0 })).grants[0]).toMatchObject({ effect: "allow", value: 0 });
    expect(made(set({ feature: "theme", value: false })).grants[0]).toMatchObject({ value: false });
  });

  test("that denies carries none, whatever the type", () => {
    for (const key of ["sso", "api_calls", "region"]) {
      const [grant] = made(set({ feature: key, effect: "deny", value: 5 })).grants;
      expect(grant).toMatchObject({ effect: "deny" });
      expect(grant).not.toHaveProperty("value");
    }
  });

  test("decides from its instant on, over a trial", () => {
    const facts = applied(acme(trial("sso")), set({ effect: "deny", endsAt: now + day }, acme(trial("sso"))));
    expect([now - 1, now, now + day - 1, now + day].map((at) => ask(facts, at).reason)).toEqual(["trial", "override", "override", "trial"]);
  });
});
