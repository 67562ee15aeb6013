import { describe, expect, test } from "vitest";
import { findSubjects, type Match, meant, type Split } from "./subjects";

const named = (...keys: string[]): Match[] => keys.map((key) => ({ key, name: `The ${key}` }));
const split = (tenantWords: string[], tenants: Match[], featureWords: string[], features: Match[]): Split => ({
  tenantWords,
  featureWords,
  tenants,
  features,
});

describe("what words mean", () => {
  test("is the only match, or the one whose key or name they are", () => {
    expect(meant(named("a"), ["x"])).toMatchObject({ key: "a" });
    expect(meant(named("acme", "acme-2"), ["acme"])).toMatchObject({ key: "acme" });
    expect(meant(named("acme", "acme-2"), ["the", "acme-2"])).toMatchObject({ key: "acme-2" });
    expect(meant(named("acme", "acme-2"), ["acm"])).toBeNull();
    expect(meant([], ["x"])).toBeNull();
  });

  test("is not guessed between two of one name", () => {
    const twins = [
      { key: "a", name: "Acme" },
      { key: "b", name: "ACME" },
    ];
    expect(meant(twins, ["acme"])).toBeNull();
  });
});

describe("a tenant and a feature", () => {
  test("are found wherever the words are split", () => {
    const splits = [
      split(["big"], named("big-corp"), ["corp", "sso"], []),
      split(["big", "corp"], named("big-corp"), ["sso"], named("sso")),
    ];
    expect(findSubjects(splits)).toMatchObject({ found: "pair", tenant: { key: "big-corp" }, feature: { key: "sso" } });
  });

  test("are offered if several could be meant, up to five", () => {
    const found = findSubjects([split(["a"], named("a1", "a2", "a3"), ["s"], named("s1", "s2"))]);
    expect(found).toMatchObject({ found: "several" });
    expect(found.found === "several" && found.pairs.length).toBe(5);
    const two = [split(["a"], named("a"), ["b", "c"], named("bc")), split(["a", "b"], named("ab"), ["c"], named("c"))];
    expect(findSubjects(two)).toMatchObject({ found: "several", pairs: [{ tenant: { key: "a" } }, { tenant: { key: "ab" } }] });
  });

  test("that are missing are named", () => {
    expect(findSubjects([split(["nobody"], [], ["sso"], named("sso"))])).toEqual({ found: "no tenant", words: ["nobody"] });
    expect(findSubjects([split(["acme"], named("acme"), ["nothing"], [])])).toEqual({ found: "no feature", words: ["nothing"] });
    expect(findSubjects([split(["x"], [], ["y"], [])])).toEqual({ found: "no tenant", words: ["x"] });
  });
});
