import { expect, test } from "vitest";
import { compileCatalogue } from "~/core/catalogue/catalogue";
import type { CatalogueFacts, Feature, Plan } from "~/core/model";
import { type DraftCell, drafted, draftedGives } from "./plan-draft";

const archived = { archivedAt: 1 };
const feature = (key: string, over: Partial<Feature> = {}) =>
  ({ key, name: key, description: "", group: null, type: "boolean", flag: null, archivedAt: null, revision: 1, ...over }) as Feature;
const plan = (key: string, includes: string | null, features: string[]): Plan => ({
  ...{ key, name: key, description: "", kind: "base", rank: 1, includes, archivedAt: null, revision: 1 },
  entries: features.map((one) => ({ feature: one, value: true })),
});

test("what plans give with a draft is as in the catalogue compiled with its cells", () => {
  const features = ["a", "b", "c", "d"].map((key) => feature(key));
  const facts: CatalogueFacts = {
    revision: 1,
    features: [...features, feature("old", archived)],
    plans: [plan("free", null, ["a", "b"]), plan("pro", "free", ["b", "c"]), plan("max", "pro", ["a"]), plan("own", null, [])],
  };
  const catalogue = compileCatalogue(facts);
  const cell = (plan: string, feature: string, value: true | null, was: true | null): DraftCell => ({ plan, feature, value, was });
  const cells = [
    cell("free", "a", null, true),
    cell("free", "d", true, null),
    cell("pro", "b", null, true),
    cell("max", "c", true, null),
    cell("own", "a", true, null),
    // These cannot be published.
    cell("own", "b", null, true),
    cell("own", "old", true, null),
    cell("gone", "a", true, null),
  ];
  const given = draftedGives(catalogue, { cells });
  const expected = compileCatalogue(drafted(facts, catalogue, { cells })).gives;
  for (const { key } of facts.plans)
    for (const { key: one } of facts.features) expect([key, one, given(key, one)]).toEqual([key, one, expected.get(key)?.get(one)]);
});
