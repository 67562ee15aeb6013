import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { applyCatalogueChange } from "~/core/catalogue/catalogue-changes";
import { archiveFeature } from "~/core/catalogue/feature-changes";
import type { CompiledChange } from "~/core/impact/catalogue-difference";
import { compileChange, impactOf } from "~/server/catalogue/impact.server";
import { createPace } from "~/server/catalogue/pace.server";
import { ada } from "./support/facts";
import { featureKey, fillLargeDataset } from "./support/large-dataset";
import { engines, startServices, type TestServices } from "./support/services";

let s: TestServices;
afterEach(() => s.stop());

const size = { tenants: 3_000, plans: 40, features: 60, entriesPerPlan: 10, days: 2 };

/** The catalogue with the feature archived, which touches every tenant that has it. */
function withoutFeature(key: string): Promise<CompiledChange> {
  const facts = s.facts.catalogueFacts();
  const outcome = archiveFeature(facts, key, { now: s.now(), actor: ada, newId: () => "gr_1" });
  if (!outcome.ok || !outcome.change) throw new Error("The feature cannot be archived.");
  return compileChange(facts, applyCatalogueChange(facts, outcome.change, facts.revision), createPace(undefined));
}

describe.each(engines)("an estimate over many tenants, on %s", (engine) => {
  beforeEach(async () => {
    s = await startServices(engine);
    await fillLargeDataset(s, s.url, size);
  });

  test("that stops early says about, and counts the others with their plan", async () => {
    const after = await withoutFeature(featureKey(0));
    const exact = await impactOf(s, after);
    expect(exact).toMatchObject({ isApproximate: false, gains: 0 });
    expect(exact.loses).toBeGreaterThan(250);
    const early = await impactOf(s, after, { maxTenants: 250 });
    expect(early.isApproximate).toBe(true);
    expect(early.loses).toBeGreaterThan(0);
    expect(early.loses).toBeLessThanOrEqual(exact.loses);
  });

  test("ends when the client disconnects", async () => {
    const gone = new AbortController();
    const estimate = impactOf(s, await withoutFeature(featureKey(0)), { signal: gone.signal });
    gone.abort();
    await expect(estimate).rejects.toThrow("aborted");
  });

  test("lets other requests be answered in between", async () => {
    let turns = 0;
    let isDone = false;
    const turn = () => {
      turns += 1;
      if (!isDone) setImmediate(turn);
    };
    setImmediate(turn);
    await impactOf(s, await withoutFeature(featureKey(0)));
    isDone = true;
    expect(turns).toBeGreaterThan(3);
  });
});
