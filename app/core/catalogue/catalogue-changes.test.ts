import { describe, expect, it } from "vitest";
import type { CatalogueFacts } from "~/core/model";
import type { Outcome } from "~/core/outcome";
import { day } from "~/core/time";
import { ada, addOn, catalogueFacts, configFeature, feature, frozen, meteredFeature, now, plan, stamp } from "~tests/facts";
import { applyCatalogueChange, type CatalogueChange, type Cell, setPlanEntries } from "./catalogue-changes";
import { archiveFeature, createFeature, restoreFeature, updateFeature } from "./feature-changes";
import { archivePlan, createPlan, deletePlan, restorePlan, updatePlan } from "./plan-changes";

const facts = frozen(
  catalogueFacts(
    [
      feature("sso", { name: "SSO", revision: 3 }),
      feature("old", { archivedAt: now - day }),
      meteredFeature("seats", { unit: "seats" }),
      configFeature("region", { kind: "text", options: ["eu", "us"] }),
    ],
    [
      plan("free", {}, { name: "Free", rank: 1 }),
      plan("pro", { sso: true, seats: 10, region: "us" }, { name: "Pro", rank: 2, includes: "free", revision: 4 }),
      plan("max", { seats: "unlimited" }, { name: "Max", rank: 3, includes: "pro" }),
      plan("retired", { region: "eu" }, { name: "Retired", rank: 4, archivedAt: now - day }),
      addOn("more", { seats: 5 }, { name: "More seats" }),
    ],
    7,
  ),
);

function applied(outcome: Outcome<CatalogueChange>, to: CatalogueFacts = facts): CatalogueFacts {
  if (!outcome.ok) throw new Error(outcome.message);
  if (!outcome.change) throw new Error("nothing to change");
  return applyCatalogueChange(to, frozen(outcome.change), 8);
}
const codeOf = (outcome: Outcome<CatalogueChange>) => (outcome.ok ? "ok" : outcome.code);
const messageOf = (outcome: Outcome<CatalogueChange>) => (outcome.ok ? "" : outcome.message);
const nothing = { ok: true, change: null };

describe("applying a change", () => {
  it("keeps features by key, plans by rank and then key, entries by feature, and numbers what it touched", () => {
    const change: CatalogueChange = {
      action: "catalogue.imported",
      features: [feature("a"), feature("zz")],
      plans: [
        plan("early", {}, { rank: 0 }),
        {
          ...plan("free", {}, { rank: 3 }),
          entries: [
            { feature: "zz", value: true },
            { feature: "a", value: true },
          ],
        },
      ],
      removedPlans: ["retired"],
      at: now,
      why: null,
    };
    const after = applyCatalogueChange(facts, change, 8);
    expect(after.features.map((f) => f.key)).toEqual(["a", "old", "region", "seats", "sso", "zz"]);
    expect(after.plans.map((p) => p.key)).toEqual(["early", "pro", "free", "max", "more"]);
    expect(after.plans[2]).toMatchObject({ revision: 8, entries: [{ feature: "a" }, { feature: "zz" }] });
    expect([after.revision, after.features[0]?.revision, after.plans[1]?.revision]).toEqual([8, 8, 4]);
  });
});

describe("features", () => {
  it("creates one of each type, named by its key unless told", () => {
    const change = createFeature(
      facts,
      "api",
      { type: "metered", meter: { resetPeriod: "day", soft: true, unit: null }, group: "Usage" },
      stamp(),
    );
    const made = applied(change).features.find((f) => f.key === "api");
    expect(made).toEqual({ ...meteredFeature("api", { resetPeriod: "day", soft: true }), group: "Usage", revision: 8 });
    expect(codeOf(createFeature(facts, "constructor", { type: "boolean" }, stamp()))).toBe("ok");
  });

  it("refuses a key that is taken, also by an archived feature, and one that is not a key", () => {
    expect(codeOf(createFeature(facts, "sso", { type: "boolean" }, stamp()))).toBe("feature_exists");
    expect(messageOf(createFeature(facts, "old", { type: "boolean" }, stamp()))).toContain("restore it");
    for (const key of ["", "-a", "a b", "a".repeat(101), "ä", "__proto__"]) {
      expect(createFeature(facts, key, { type: "boolean" }, stamp())).toMatchObject({ code: "value_invalid", field: "key" });
    }
  });

  it("updates what is given, clears what is null, and sees no change where there is none", () => {
    const after = applied(updateFeature(facts, "sso", { name: null, group: "Security", why: "clearer" }, stamp()));
    expect(after.features.find((f) => f.key === "sso")).toMatchObject({ name: "sso", group: "Security", revision: 8 });
    expect(updateFeature(facts, "sso", { name: "SSO", type: "boolean" }, stamp())).toEqual(nothing);
  });

  it("never changes a type", () => {
    expect(updateFeature(facts, "sso", { type: "metered" }, stamp())).toMatchObject({ code: "feature_type", field: "type" });
  });

  it("refuses settings under which a plan's value would not fit, and names the plans", () => {
    const outcome = updateFeature(facts, "region", { config: { kind: "text", options: ["ap"] } }, stamp());
    expect(codeOf(outcome)).toBe("value_invalid");
    expect(messageOf(outcome)).toContain("Pro (us) and Retired (eu)");
    expect(codeOf(updateFeature(facts, "region", { config: { kind: "text", options: ["us", "eu", "ap"] } }, stamp()))).toBe("ok");
  });

  it("tells the second of two editors that the first was quicker", () => {
    expect(codeOf(updateFeature(facts, "sso", { name: "X" }, stamp(), 2))).toBe("stale");
    expect(codeOf(updateFeature(facts, "sso", { name: "X" }, stamp(), 3))).toBe("ok");
  });

  it("archives and restores, keeps the plans' entries, and does neither twice", () => {
    const archived = applied(archiveFeature(facts, "sso", stamp()));
    expect(archived.features.find((f) => f.key === "sso")?.archivedAt).toBe(now);
    expect(archived.plans).toEqual(facts.plans);
    expect(archiveFeature(archived, "sso", stamp(now + 1))).toEqual(nothing);
    expect(applied(restoreFeature(archived, "sso", stamp()), archived).features).toEqual(
      facts.features.map((f) => (f.key === "sso" ? { ...f, revision: 8 } : f)),
    );
    expect(restoreFeature(facts, "sso", stamp())).toEqual(nothing);
  });

  it("says so when there is no such feature", () => {
    for (const outcome of [
      updateFeature(facts, "no", {}, stamp()),
      archiveFeature(facts, "no", stamp()),
      restoreFeature(facts, "no", stamp()),
    ]) {
      expect(codeOf(outcome)).toBe("feature_not_found");
    }
  });
});

describe("plans", () => {
  it("creates a plan after all others unless told a rank", () => {
    const after = applied(createPlan(facts, "ultra", { kind: "base", includes: "max" }, stamp()));
    expect(after.plans.at(-1)).toMatchObject({ key: "ultra", name: "ultra", rank: 51, includes: "max", entries: [], revision: 8 });
  });

  it("refuses a key that is taken, by a plan or an add-on", () => {
    expect(codeOf(createPlan(facts, "free", { kind: "base" }, stamp()))).toBe("plan_exists");
    expect(messageOf(createPlan(facts, "more", { kind: "base" }, stamp()))).toContain("an add-on more already");
    expect(codeOf(createPlan(facts, "a/b", { kind: "base" }, stamp()))).toBe("value_invalid");
  });

  it("includes only what exists, is of its kind, is not archived and leads to no circle", () => {
    const include = (key: string, includes: string) => updatePlan(facts, key, { includes }, stamp());
    expect(include("free", "nope")).toMatchObject({ code: "plan_not_found", field: "includes" });
    expect(include("free", "more")).toMatchObject({ code: "plan_kind", field: "includes" });
    expect(include("free", "retired")).toMatchObject({ code: "plan_archived", field: "includes" });
    expect(include("free", "max")).toMatchObject({ code: "include_cycle", field: "includes" });
    expect(messageOf(include("free", "max"))).toContain("free → max → pro → free");
    expect(codeOf(include("free", "free"))).toBe("include_cycle");
    expect(codeOf(createPlan(facts, "x", { kind: "base", includes: "x" }, stamp()))).toBe("include_cycle");
    expect(codeOf(updatePlan(facts, "max", { includes: null }, stamp()))).toBe("ok");
  });

  it("keeps an include that was archived meanwhile", () => {
    const archived = applied(archivePlan(facts, "pro", stamp()));
    expect(codeOf(updatePlan(archived, "max", { name: "Maximum" }, stamp()))).toBe("ok");
  });

  it("never turns a plan into an add-on, and tells the second of two editors", () => {
    expect(updatePlan(facts, "pro", { kind: "add_on" }, stamp())).toMatchObject({ code: "plan_kind", field: "kind" });
    expect(codeOf(updatePlan(facts, "pro", { name: "P" }, stamp(), 3))).toBe("stale");
    expect(codeOf(updatePlan(facts, "pro", { name: "P" }, stamp(), 4))).toBe("ok");
    expect(updatePlan(facts, "pro", { name: "Pro", rank: 2 }, stamp(), 4)).toEqual(nothing);
  });

  it("archives and restores, and does neither twice", () => {
    expect(applied(archivePlan(facts, "free", stamp())).plans[0]).toMatchObject({ key: "free", archivedAt: now });
    expect(archivePlan(facts, "retired", stamp())).toEqual(nothing);
    expect(applied(restorePlan(facts, "retired", stamp())).plans[3]).toMatchObject({ key: "retired", archivedAt: null });
    expect(restorePlan(facts, "free", stamp())).toEqual(nothing);
  });

  it("deletes only a plan that no tenant has and no plan includes, and says what would work", () => {
    expect(applied(deletePlan(facts, "max", { having: 0, scheduled: 0 }, stamp())).plans.map((p) => p.key)).toEqual([
      "free",
      "pro",
      "retired",
      "more",
    ]);
    expect(codeOf(deletePlan(facts, "max", { having: 1, scheduled: 0 }, stamp()))).toBe("plan_in_use");
    expect(messageOf(deletePlan(facts, "max", { having: 12, scheduled: 0 }, stamp()))).toBe(
      "12 tenants have Max, so it cannot be deleted. Move them to another plan first, or archive it.",
    );
    expect(messageOf(deletePlan(facts, "retired", { having: 1, scheduled: 0 }, stamp()))).toBe(
      "1 tenant has Retired, so it cannot be deleted. Move that tenant to another plan first.",
    );
    expect(messageOf(deletePlan(facts, "pro", { having: 0, scheduled: 0 }, stamp()))).toContain("Max includes Pro");
    expect(messageOf(deletePlan(facts, "max", { having: 0, scheduled: 2 }, stamp()))).toBe(
      "2 tenants are scheduled to get Max, so it cannot be deleted. Cancel these changes first, or archive it.",
    );
    expect(codeOf(deletePlan(facts, "no", { having: 0, scheduled: 0 }, stamp()))).toBe("plan_not_found");
  });
});

describe("plan entries", () => {
  const set = (...cells: Cell[]) => setPlanEntries(facts, cells, stamp(now, ada), "why not");
  const cell = (plan: string, feature: string, value: Cell["value"], more: Partial<Cell> = {}): Cell => ({ plan, feature, value, ...more });

  it("sets, replaces and removes entries of several plans at once", () => {
    const after = applied(set(cell("pro", "seats", 20), cell("pro", "sso", null), cell("free", "sso", true), cell("free", "seats", 0)));
    expect(after.plans[0]?.entries).toEqual([
      { feature: "seats", value: 0 },
      { feature: "sso", value: true },
    ]);
    expect(after.plans[1]?.entries).toEqual([
      { feature: "region", value: "us" },
      { feature: "seats", value: 20 },
    ]);
    expect(after.plans[2]?.revision).toBe(1);
  });

  it("changes nothing where all is as asked", () => {
    expect(set(cell("pro", "seats", 10), cell("free", "sso", null), cell("max", "seats", "unlimited", { was: "unlimited" }))).toEqual(
      nothing,
    );
  });

  it("names the cell that somebody else changed meanwhile", () => {
    const outcome = set(cell("pro", "seats", 20, { was: 5 }));
    expect(codeOf(outcome)).toBe("stale");
    expect(messageOf(outcome)).toContain("seats in Pro was changed while you were editing: it now is 10 seats");
    expect(codeOf(set(cell("free", "sso", true, { was: true })))).toBe("stale");
    expect(codeOf(set(cell("free", "sso", true, { was: null })))).toBe("ok");
  });

  it("refuses what does not exist, is archived or does not fit", () => {
    expect(codeOf(set(cell("no", "sso", true)))).toBe("plan_not_found");
    expect(codeOf(set(cell("pro", "no", true)))).toBe("feature_not_found");
    expect(codeOf(set(cell("pro", "old", true)))).toBe("feature_archived");
    expect(codeOf(set(cell("pro", "old", null)))).toBe("ok");
    for (const [key, value] of [
      ["sso", false],
      ["sso", 1],
      ["seats", -1],
      ["seats", 1.5],
      ["seats", "lots"],
      ["region", "ap"],
      ["region", 1],
    ] as const) {
      expect(set(cell("pro", key, value))).toMatchObject({ code: "value_invalid", field: "value" });
    }
  });

  it("lets an archived plan be mended, since tenants may still have it", () => {
    expect(codeOf(set(cell("retired", "sso", true)))).toBe("ok");
  });
});
