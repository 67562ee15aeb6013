import { describe, expect, test } from "vitest";
import { catalogueFacts, feature, plan } from "~tests/facts";
import { compileCatalogue } from "./catalogue";
import { givenBy, maxGiven, maxInUse, sizeProblem } from "./catalogue-bounds";

const features = (n: number) => Array.from({ length: n }, (_, i) => feature(`f${i}`));
const plans = (n: number) => Array.from({ length: n }, (_, i) => plan(`p${i}`, {}, { rank: i }));
const empty = catalogueFacts([], []);

describe("the size of a catalogue", () => {
  test("is refused with its limit and what to do when there is one too many", () => {
    expect(sizeProblem(empty, catalogueFacts(features(maxInUse), plans(maxInUse)))).toBeNull();
    const message = "The catalogue would have 1,001 features in use. A catalogue can have 1,000. Archive features first.";
    expect(sizeProblem(empty, catalogueFacts(features(maxInUse + 1), []))).toEqual({ ok: false, code: "catalogue_too_large", message });
    expect(sizeProblem(empty, catalogueFacts([], plans(maxInUse + 1)))).toMatchObject({ code: "catalogue_too_large" });
  });

  test("that is too large already may shrink and be edited, but not grow", () => {
    const old = catalogueFacts(features(maxInUse + 5), []);
    expect(sizeProblem(old, catalogueFacts(features(maxInUse + 4), []))).toBeNull();
    expect(sizeProblem(old, old)).toBeNull();
    expect(sizeProblem(old, catalogueFacts(features(maxInUse + 6), []))).toMatchObject({ code: "catalogue_too_large" });
  });

  test("counts inherited values, as the compiled catalogue has them", () => {
    const chain = plans(300).map((p, i) => ({
      ...p,
      includes: i === 0 ? null : `p${i - 1}`,
      entries: [{ feature: `f${i}`, value: true }],
    }));
    const compiled = compileCatalogue(catalogueFacts(features(300), chain));
    const cells = [...compiled.gives.values()].reduce((sum, given) => sum + given.size, 0);
    expect(givenBy(chain)).toBe(cells);
    expect(givenBy([...chain].reverse())).toBe(cells);
  });

  test("stops counting at the limit", () => {
    const wide = plans(1_000).map((p) => ({ ...p, entries: features(1_000).map((f) => ({ feature: f.key, value: true })) }));
    expect(givenBy(wide)).toBe(maxGiven + 1);
    expect(sizeProblem(empty, catalogueFacts(features(1_000), wide))).toMatchObject({ code: "catalogue_too_large" });
  });

  test("ends where old plans include each other in a circle", () => {
    const circle = plans(2).map((p, i) => ({ ...p, includes: `p${1 - i}`, entries: [{ feature: "f0", value: true }] }));
    expect(givenBy(circle)).toBe(2);
  });
});
