import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyCatalogueChange } from "~/core/catalogue/catalogue-changes";
import { type CatalogueFile, type FileFeature, fileProblems } from "~/core/catalogue/catalogue-file";
import type { CatalogueFacts } from "~/core/model";
import { day } from "~/core/time";
import { bundle, fileFrom, fileOf, on } from "~tests/catalogue-file";
import { addOn, catalogueFacts, configFeature, feature, flagTie, frozen, meteredFeature, now, plan, stamp } from "~tests/facts";
import { planImport } from "./catalogue-import";
import { diffText, isEmptyDiff, summaryOf } from "./import-words";

const current = frozen(
  catalogueFacts(
    [
      feature("sso", { name: "SSO" }),
      feature("old", { archivedAt: now - day }),
      meteredFeature("seats", { unit: "seats" }),
      configFeature("region", { kind: "text", options: ["eu", "us"] }),
    ],
    [
      plan("free", { sso: true }, { rank: 1 }),
      plan("pro", { seats: 10, region: "us" }, { rank: 2, includes: "free" }),
      addOn("more", { seats: 5 }, { rank: 3 }),
    ],
    7,
  ),
);

function imported(facts: CatalogueFacts, file: CatalogueFile, at = now) {
  const planned = planImport(facts, file, stamp(at));
  if (!planned.ok) throw new Error(JSON.stringify(planned.problems));
  return { ...planned, after: planned.change ? applyCatalogueChange(facts, planned.change, facts.revision + 1) : facts };
}

describe("importing a catalogue", () => {
  const file = fileOf(
    {
      sso: on("Single sign-on", { group: "Security" }),
      old: on("old"),
      seats: on("seats", { type: "metered", meter: { resetPeriod: "never", soft: false, unit: "seats" } }),
      fresh: on("Fresh"),
    },
    {
      free: bundle(1, { sso: true, old: true }),
      pro: bundle(2, { seats: 20, fresh: true }, { name: "Pro" }),
      ultra: bundle(3, {}, { includes: "pro" }),
    },
  );

  it("says in words what it adds, changes, archives and restores", () => {
    const { diff } = imported(current, file);
    const whole = { ...diff, tenants: { added: [], changed: [], skipped: [] } };
    expect(diffText(whole)).toEqual([
      "Features added (1)",
      "  + fresh (Fresh)",
      "Features changed (2)",
      "  ~ sso (Single sign-on): name: “SSO” → “Single sign-on”; group: none → “Security”",
      "  ~ seats: limit: seats, resets each month, hard limit → seats, resets never, hard limit",
      "Features archived (1)",
      "  - region",
      "Features restored (1)",
      "  ^ old",
      "Plans and add-ons added (1)",
      "  + ultra: plan with 0 features of its own; includes pro",
      "Plans and add-ons changed (2)",
      "  ~ free: adds old",
      "  ~ pro (Pro): name: “pro” → “Pro”; includes: free → nothing; adds fresh; seats: 10 seats → 20 seats",
      "Plans and add-ons archived (1)",
      "  - more",
    ]);
    expect(summaryOf(whole)).toBe(
      "adds 1 feature, 1 plan or add-on; changes 2 features, 2 plans and add-ons; archives 1 feature, 1 plan or add-on; restores 1 feature",
    );
  });

  it("archives what the file does not name and deletes nothing, not even what plans give of it", () => {
    const { after } = imported(current, file);
    expect(after.features.find((f) => f.key === "region")?.archivedAt).toBe(now);
    expect(after.plans.find((p) => p.key === "more")).toMatchObject({ archivedAt: now, entries: [{ feature: "seats", value: 5 }] });
    expect(after.plans.find((p) => p.key === "pro")?.entries).toContainEqual({ feature: "region", value: "us" });
  });

  it("brings back what was archived, with what plans gave of it, when it is named again", () => {
    const { after } = imported(current, file);
    const { after: back } = imported(after, fileFrom(current), now + day);
    const unnumbered = (facts: CatalogueFacts) =>
      JSON.stringify({ ...facts, revision: 0 }, (key, value) => (key === "revision" ? 0 : key === "periodChanges" ? undefined : value));
    const { features } = back;
    expect(features.find((f) => f.key === "fresh")?.archivedAt).toBe(now + day);
    const asBefore = {
      ...back,
      features: features.filter((f) => f.key !== "fresh"),
      plans: back.plans.filter((p) => p.key !== "ultra").map((p) => ({ ...p, entries: p.entries.filter((e) => e.feature !== "fresh") })),
    };
    expect(unnumbered(asBefore)).toBe(unnumbered(current));
  });

  it("changes nothing the second time, also a day later", () => {
    const { after } = imported(current, file);
    const again = imported(after, file, now + day);
    expect(again.change).toBeNull();
    expect(isEmptyDiff({ ...again.diff, tenants: { added: [], changed: [], skipped: [] } })).toBe(true);
  });

  it("leaves the day of archiving alone where the file says only that something is archived", () => {
    const archived = fileFrom(current);
    archived.features.set("old", { ...(archived.features.get("old") as FileFeature), archived: true });
    expect(imported(current, archived).change).toBeNull();
    archived.features.set("old", { ...(archived.features.get("old") as FileFeature), archived: now - 2 * day });
    expect(imported(current, archived).diff.features.changed).toEqual([{ key: "old", name: "old", what: ["archived since"] }]);
  });

  it("refuses another type, a plan that becomes an add-on, and settings that an archived plan's value does not fit", () => {
    const problemsOf = (f: CatalogueFile) => {
      const planned = planImport(current, f, stamp());
      return planned.ok ? [] : planned.problems.map((p) => p.path.join("."));
    };
    expect(problemsOf(fileOf({ sso: on("x", { type: "config", config: { kind: "json" } }) }, { free: bundle(1) }))).toEqual([
      "features.sso.type",
    ]);
    expect(problemsOf(fileOf({}, { free: bundle(1, {}, { kind: "add_on" }) }))).toEqual(["addOns.free"]);
    const narrower = { region: on("r", { type: "config", config: { kind: "text", options: ["eu"] } }) };
    expect(problemsOf(fileOf(narrower, {}))).toEqual(["features.region"]);
    expect(problemsOf(fileOf(narrower, { pro: bundle(2, { region: "eu" }) }))).toEqual([]);
  });
});

describe("for any two catalogues", () => {
  const keys = ["a", "b", "c", "d"];
  const kinds: FileFeature["type"][] = ["boolean", "metered", "config", "config"];
  const archived = fc.constantFrom(false, false, true, now - day, now - 5 * day);
  /** A key always has the same type, as imports require; everything else varies. */
  const featureIn = (i: number) =>
    fc
      .record({
        name: fc.constantFrom("x", "y"),
        group: fc.constantFrom(null, "g"),
        flag: fc.constantFrom(null, flagTie("gate")),
        archived,
        soft: fc.boolean(),
      })
      .map(({ soft, ...f }) => {
        const common = { ...f, description: null };
        if (kinds[i] === "metered") return { ...common, type: "metered", meter: { resetPeriod: "day", soft, unit: null } } as FileFeature;
        if (kinds[i] === "config") return { ...common, type: "config", config: { kind: "json" } } as FileFeature;
        return { ...common, type: "boolean" } as FileFeature;
      });
  const giftOf = (key: string, pick: number) =>
    kinds[keys.indexOf(key)] === "boolean" ? true : kinds[keys.indexOf(key)] === "metered" ? pick : { pick };
  const anyFile = fc
    .record({
      features: fc.tuple(...keys.map((_, i) => fc.option(featureIn(i)))),
      plans: fc.array(
        fc.record({
          key: fc.constantFrom("p", "q", "r"),
          rank: fc.nat(3),
          includes: fc.boolean(),
          gives: fc.subarray(keys),
          pick: fc.nat(3),
          archived,
        }),
        { maxLength: 3 },
      ),
    })
    .map(({ features, plans }) => {
      const file = fileOf({}, {});
      for (const [i, f] of features.entries()) if (f) file.features.set(keys[i] as string, f);
      let before: string | null = null;
      for (const { key, rank, includes, gives, pick, archived } of plans) {
        if (file.plans.has(key)) continue;
        const entries = new Map(gives.filter((g) => file.features.has(g)).map((g) => [g, giftOf(g, pick)]));
        file.plans.set(key, bundle(rank, {}, { name: key, entries, archived, includes: includes ? before : null }));
        before = key;
      }
      return file;
    });
  const empty: CatalogueFacts = { revision: 0, features: [], plans: [] };

  it("importing twice changes nothing, nothing is ever deleted, and all that is named is as the file says", () => {
    fc.assert(
      fc.property(anyFile, anyFile, (first, second) => {
        expect(fileProblems(second)).toEqual([]);
        const { after: start } = imported(empty, first, now - day);
        const { after } = imported(start, second);
        expect(imported(after, second, now + day).change).toBeNull();
        const has = (facts: CatalogueFacts) => [...facts.features, ...facts.plans].map((o) => o.key);
        expect(has(after)).toEqual(expect.arrayContaining(has(start)));
        for (const { key, archivedAt } of [...after.features, ...after.plans]) {
          const named = second.features.get(key) ?? second.plans.get(key);
          expect(archivedAt !== null).toBe(named ? named.archived !== false : true);
        }
        for (const p of after.plans) {
          const wanted = second.plans.get(p.key);
          if (!wanted) continue;
          const own = p.entries.filter((e) => second.features.has(e.feature)).map((e) => [e.feature, e.value]);
          expect(own).toEqual([...wanted.entries].sort(([a], [b]) => (a < b ? -1 : 1)));
        }
      }),
    );
  });
});
