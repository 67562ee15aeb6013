import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compileCatalogue } from "~/core/catalogue/catalogue";
import { applyCatalogueChange } from "~/core/catalogue/catalogue-changes";
import { decide } from "~/core/decision/decide";
import { planImport } from "~/core/import/catalogue-import";
import type { CatalogueFacts } from "~/core/model";
import { problemLines, readCatalogueFile } from "~/forms/import/catalogue-file-text";
import tiers from "./fixtures/gitlab-tiers.json";
import { now, stamp, tenant } from "./support/facts";

const empty: CatalogueFacts = { revision: 0, features: [], plans: [] };

function imported(name: string): CatalogueFacts {
  const read = readCatalogueFile(name, readFileSync(`db/catalogues/${name}`, "utf8"));
  if (!read.ok) throw new Error(problemLines(read).join("\n"));
  const plan = planImport(empty, read.file, stamp());
  if (!plan.ok || !plan.change) throw new Error(JSON.stringify(plan));
  return applyCatalogueChange(empty, plan.change, 1);
}

describe("the GitLab catalogue", () => {
  const facts = imported("gitlab.yaml");
  const catalogue = compileCatalogue(facts);
  /** Straight from the facts: what a tier adds, and what the tier that it includes has. */
  const tierHas = (key: string): Set<string> => {
    const tier = tiers.plans.find((p) => p.key === key);
    if (!tier) throw new Error(key);
    return new Set([...tier.adds, ...(tier.includes ? tierHas(tier.includes) : [])]);
  };
  const features = tiers.plans.flatMap((p) => p.adds);

  it("answers for every feature in every tier as GitLab's own list says: 988 answers, 0 wrong", () => {
    const wrong: string[] = [];
    let answers = 0;
    for (const plan of ["free", "starter", "premium", "ultimate"]) {
      const has = tierHas(plan);
      for (const feature of features) {
        answers++;
        const decision = decide({ tenant: tenant({ plan }), catalogue, feature, now });
        if (decision.entitled !== has.has(feature) || decision.type !== "boolean") wrong.push(`${plan} ${feature}`);
      }
    }
    expect({ answers, wrong }).toEqual({ answers: 988, wrong: [] });
  });

  it("gives a tenant on free what each add-on has, and nothing else", () => {
    for (const addOn of tiers.add_ons) {
      const holder = tenant({ plan: "free", addOns: [addOn.key] });
      const has = features.filter((feature) => decide({ tenant: holder, catalogue, feature, now }).entitled);
      expect(has).toEqual(addOn.adds);
    }
  });

  it("has exactly GitLab's features, each with a name for people and a group", () => {
    expect(facts.features.map((f) => f.key)).toEqual([...features].sort());
    expect(facts.features.filter((f) => f.group === null || f.name === f.key || f.name.includes("_"))).toEqual([]);
    expect(new Set(facts.features.map((f) => f.name)).size).toBe(247);
    expect(facts.plans.map((p) => p.key)).toEqual(["free", "starter", "premium", "ultimate", ...tiers.add_ons.map((a) => a.key)]);
  });
});

describe("the team inbox catalogue", () => {
  const facts = imported("team-inbox.yaml");

  it("has all three types of feature, hard and soft limits, four reset periods, and something unlimited", () => {
    expect(new Set(facts.features.map((f) => f.type))).toEqual(new Set(["boolean", "config", "metered"]));
    const meters = facts.features.flatMap((f) => (f.type === "metered" ? [f.meter] : []));
    expect(new Set(meters.map((m) => m.resetPeriod)).size).toBe(4);
    expect(new Set(meters.map((m) => m.soft)).size).toBe(2);
    expect(facts.plans.flatMap((p) => p.entries).filter((e) => e.value === "unlimited")).toHaveLength(1);
  });

  it("adds an add-on's seats to the plan's", () => {
    const holder = tenant({ plan: "team", addOns: ["more_seats"] });
    const { amount } = decide({ tenant: holder, catalogue: compileCatalogue(facts), feature: "seats", now });
    expect(amount?.limit).toBe(35);
  });
});
