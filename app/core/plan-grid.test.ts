import { describe, expect, test } from "vitest";
import { addOn, catalogue, feature, meteredFeature, now, plan } from "../../tests/support/facts";
import { listFeatures } from "./feature-list";
import { planGrid } from "./plan-grid";

const everything = { search: "", group: null, type: null };
const made = catalogue(
  [
    feature("sso", { name: "Single sign-on", group: "Security" }),
    feature("b10", { name: "Beta 10" }),
    feature("b9", { name: "Beta 9" }),
    feature("gone", { archivedAt: now }),
    meteredFeature("api_calls", { unit: "calls" }, { name: "API calls", group: "Usage" }),
  ],
  [
    plan("starter", { api_calls: 1000, sso: true }, { name: "Starter", rank: 1 }),
    plan("premium", { api_calls: 5000, gone: true }, { name: "Premium", rank: 3, includes: "starter" }),
    plan("old", { sso: true }, { rank: 2, archivedAt: now }),
    addOn("boost", { api_calls: 500 }, { name: "Boost", rank: 2 }),
  ],
);

describe("the grid", () => {
  test("has plans by rank, add-ons after them, and nothing archived", () => {
    const grid = planGrid(made, everything);
    expect(grid.columns.map((c) => c.key)).toEqual(["starter", "premium", "boost"]);
    expect(grid.sections.flatMap((s) => s.rows.map((r) => r.key))).not.toContain("gone");
  });
  test("tells an own entry from an inherited one, and from none", () => {
    const rows = planGrid(made, everything).sections.flatMap((s) => s.rows);
    expect(rows.find((r) => r.key === "sso")?.cells).toEqual([{ text: "on", from: null }, { text: "on", from: "Starter" }, null]);
    expect(rows.find((r) => r.key === "api_calls")?.cells.map((c) => c?.text)).toEqual(["1,000 calls", "5,000 calls", "500 calls"]);
  });
  test("has sections by group, those without one last, and numbers in names as people count", () => {
    const { sections } = planGrid(made, everything);
    expect(sections.map((s) => s.group)).toEqual(["Security", "Usage", null]);
    expect(sections[2]?.rows.map((r) => r.name)).toEqual(["Beta 9", "Beta 10"]);
  });
  test.each([
    [{ search: "API  call" }, ["api_calls"]],
    [{ search: "B1" }, ["b10"]],
    [{ group: "Security" }, ["sso"]],
    [{ type: "metered" as const }, ["api_calls"]],
    [{ search: "sso", type: "metered" as const }, []],
  ])("is narrowed by %o", (filter, keys) => {
    const grid = planGrid(made, { ...everything, ...filter });
    expect(grid.sections.flatMap((s) => s.rows.map((r) => r.key))).toEqual(keys);
    expect([grid.shown, grid.total]).toEqual([keys.length, 4]);
  });
});

describe("the list of features", () => {
  const keys = (sort: "name" | "type" | "group", descending = false, archived = false) =>
    listFeatures(made, { ...everything, archived }, sort, descending).map((f) => f.key);
  test("is sorted by what is asked, names deciding ties", () => {
    expect(keys("name")).toEqual(["api_calls", "b9", "b10", "sso"]);
    expect(keys("name", true)).toEqual(["sso", "b10", "b9", "api_calls"]);
    expect(keys("group")).toEqual(["sso", "api_calls", "b9", "b10"]);
    expect(keys("type")).toEqual(["b9", "b10", "sso", "api_calls"]);
  });
  test("has archived ones apart", () => {
    expect(keys("name", false, true)).toEqual(["gone"]);
  });
  test("names the plans that give each and can be newly given", () => {
    expect(listFeatures(made, { ...everything, archived: false, search: "sso" }, "name", false)[0]?.plans).toEqual(["Starter", "Premium"]);
  });
});
