import { describe, expect, test } from "vitest";
import { addOn, catalogue, feature, meteredFeature, now, plan } from "~tests/facts";
import { featureRow, sortedFeatures } from "./feature-list";
import { maxCells, maxColumns, planGrid } from "./plan-grid";

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
    sortedFeatures(made, { ...everything, archived }, sort, descending).map((f) => f.key);
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
    const [found] = sortedFeatures(made, { ...everything, archived: false, search: "sso" }, "name", false);
    expect(found && featureRow(made, found).plans).toEqual(["Starter", "Premium"]);
  });
});

describe("a page of the grid", () => {
  const features = Array.from({ length: 1_000 }, (_, i) => feature(`f${String(i).padStart(4, "0")}`, { group: `Group ${i % 3}` }));
  const plans = Array.from({ length: 1_000 }, (_, i) => plan(`p${i}`, { f0000: true }, { rank: i }));
  const large = catalogue(features, plans);
  const cellsOf = (grid: ReturnType<typeof planGrid>) => grid.sections.flatMap((s) => s.rows.flatMap((r) => r.cells)).length;

  test("has a bounded number of cells, whatever the catalogue holds", () => {
    const grid = planGrid(large, everything);
    expect(cellsOf(grid)).toBeLessThanOrEqual(maxCells);
    expect([grid.columns.length, grid.shown, grid.plans]).toEqual([maxColumns, 1_000, 1_000]);
  });
  test("shows each feature and each plan on exactly one page", () => {
    const rows: string[] = [];
    const { pageSize } = planGrid(large, everything).window;
    for (let page = 1; page <= Math.ceil(1_000 / pageSize); page++) {
      rows.push(...planGrid(large, everything, { page, columnPage: 1 }).sections.flatMap((s) => s.rows.map((r) => r.key)));
    }
    expect([rows.length, new Set(rows).size]).toEqual([1_000, 1_000]);
    const columns = Array.from({ length: Math.ceil(1_000 / maxColumns) }, (_, i) =>
      planGrid(large, everything, { page: 1, columnPage: i + 1 }),
    );
    expect(columns.flatMap((g) => g.columns.map((c) => c.key))).toEqual(plans.map((p) => p.key));
  });
  test("past the end is the last one", () => {
    const { window, columns } = planGrid(large, everything, { page: 99, columnPage: 999 });
    expect([window.page, columns.at(-1)?.key]).toEqual([40, "p999"]);
  });
});
