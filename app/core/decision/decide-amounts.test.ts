import { describe, expect, test } from "vitest";
import type { ConfigSettings, Feature, FlagReading, Grant, Limit, Value } from "~/core/model";
import { day } from "~/core/time";
import { addOn, catalogue, configFeature, denial, flagTie, meteredFeature, now, override, plan, tenant, trial } from "~tests/facts";
import { type Decision, decide } from "./decide";

/** The value of each source, if any. Add-ons are oldest first. */
type Gives = { plan?: Value; addOns?: Value[]; trials?: Value[]; flag?: FlagReading; override?: Value };

function ask(f: Feature, gives: Gives, more: { used?: number; requested?: number } = {}): Decision {
  const addOns = (gives.addOns ?? []).map((value, i) => addOn(`add-${i}`, { f: value }));
  const grants: Grant[] = (gives.trials ?? []).map((value, i) => trial("f", { id: `gr_${i}`, value, endsAt: now + (i + 1) * day }));
  if (gives.override !== undefined) grants.unshift(override("f", { value: gives.override }));
  return decide({
    tenant: tenant({ plan: "base", addOns: addOns.map((p) => p.key), grants }),
    catalogue: catalogue([f], [plan("base", gives.plan === undefined ? {} : { f: gives.plan }), ...addOns]),
    feature: "f",
    now,
    flag: gives.flag,
    usage: { used: more.used ?? 0 },
    requested: more.requested,
  });
}

const flag = (payload: Value): FlagReading => ({ state: "on", payload });

describe("a limit", () => {
  const metered = meteredFeature("f", {}, { flag: flagTie("grant") });
  const limitOf = (gives: Gives) => {
    const d = ask(metered, gives);
    return [d.amount?.limit, d.source];
  };

  test.each<[string, Gives, Limit, Decision["source"]]>([
    ["is the plan's", { plan: 10 }, 10, "plan"],
    ["is the plan's and all add-ons' together", { plan: 10, addOns: [5, 1] }, 16, "plan"],
    ["is the add-ons' together where the plan has none", { addOns: [5, 1] }, 6, "add_on"],
    ["may be 0", { plan: 0 }, 0, "plan"],
    ["is the trial's when that is greater than the sum", { plan: 10, addOns: [5], trials: [16] }, 16, "trial"],
    ["stays the sum's when the trial gives as much", { plan: 10, addOns: [5], trials: [15] }, 15, "plan"],
    ["of a trial is absolute: it adds to nothing", { plan: 10, trials: [9] }, 10, "plan"],
    ["is the greatest trial's of several", { plan: 1, trials: [3, 7, 5] }, 7, "trial"],
    ["is the flag's when that is greater", { plan: 10, trials: [20], flag: flag(21) }, 21, "flag"],
    ["stays the trial's when the flag gives as much", { plan: 10, trials: [20], flag: flag(20) }, 20, "trial"],
    ["stays the add-on's when trial and flag give as much", { addOns: [7], trials: [7], flag: flag(7) }, 7, "add_on"],
    ["of the plan absorbs everything when unlimited", { plan: "unlimited", addOns: [5], trials: [99] }, "unlimited", "plan"],
    ["of one add-on makes the sum unlimited", { plan: 10, addOns: [5, "unlimited"] }, "unlimited", "plan"],
    ["of a trial beats any number when unlimited", { plan: Number.MAX_SAFE_INTEGER, trials: ["unlimited"] }, "unlimited", "trial"],
    [
      "that is unlimited everywhere is the plan's",
      { plan: "unlimited", trials: ["unlimited"], flag: flag("unlimited") },
      "unlimited",
      "plan",
    ],
    ["of an override replaces greater ones", { plan: 10, trials: [50], flag: flag(90), override: 3 }, 3, "override"],
    ["of an override may be 0", { plan: 10, override: 0 }, 0, "override"],
    [
      "stays a whole number that JavaScript can hold",
      { plan: Number.MAX_SAFE_INTEGER, addOns: [Number.MAX_SAFE_INTEGER] },
      Number.MAX_SAFE_INTEGER,
      "plan",
    ],
  ])("%s", (_, gives, limit, source) => {
    expect(limitOf(gives)).toEqual([limit, source]);
  });

  test.each<[string, FlagReading]>([
    ["no payload", { state: "on" }],
    ["text", flag("10")],
    ["a fraction", flag(1.5)],
    ["less than 0", flag(-1)],
    ["null", flag(null)],
    ["true", flag(true)],
    ["an object", flag({ limit: 5 })],
    ["a number beyond 2^53 - 1", flag(2 ** 53)],
    ["only a variant", { state: "on", variant: "unlimited" }],
  ])("a flag whose payload is %s gives nothing, and is shown", (_, reading) => {
    const decision = ask(metered, { flag: reading });
    expect(decision).toMatchObject({ entitled: false, reason: "not_in_plan" });
    expect(decision.sources).toEqual([
      { source: "flag", flag: "the-flag", state: "on", ...(reading.payload === undefined ? {} : { value: reading.payload }) },
    ]);
  });

  test("a plan's own entry replaces the one that it inherits, also with less", () => {
    const shop = catalogue([metered], [plan("low", { f: 100 }), plan("high", { f: 40 }, { includes: "low" })]);
    expect(decide({ tenant: tenant({ plan: "high" }), catalogue: shop, feature: "f", now }).amount?.limit).toBe(40);
  });
});

describe("usage against the limit", () => {
  const hard = meteredFeature("f");
  const soft = meteredFeature("f", { soft: true });

  test.each([
    [9, undefined, true, 1],
    [10, undefined, false, 0],
    [11, undefined, false, 0],
    [10, 0, true, 0],
    [11, 0, false, 0],
    [5, 5, true, 5],
    [5, 6, false, 5],
  ])("%d of 10 used and %s asked for: entitled %s, %d remain", (used, requested, entitled, remaining) => {
    expect(ask(hard, { plan: 10 }, { used, requested })).toMatchObject({
      entitled,
      reason: entitled ? "plan" : "limit_reached",
      source: "plan",
      amount: { limit: 10, used, remaining, softLimit: false },
    });
  });

  test("a soft limit never says no, and nothing remains above it", () => {
    const decision = ask(soft, { plan: 10 }, { used: 25 });
    expect(decision).toMatchObject({ entitled: true, reason: "plan", amount: { used: 25, remaining: 0, softLimit: true } });
  });

  test("unlimited never says no and never runs down", () => {
    const decision = ask(hard, { plan: "unlimited" }, { used: 10 ** 15, requested: 10 ** 15 });
    expect(decision).toMatchObject({ entitled: true, amount: { limit: "unlimited", remaining: "unlimited" } });
  });

  test("a limit of 0 refuses the first", () => {
    expect(ask(hard, { plan: 0 })).toMatchObject({ entitled: false, reason: "limit_reached", source: "plan" });
  });

  test("an override's own limit is tested too, and a denial has no amount", () => {
    expect(ask(hard, { plan: 99, override: 3 }, { used: 3 })).toMatchObject({ reason: "limit_reached", source: "override" });
    const denied = decide({ tenant: tenant({ grants: [denial("f")] }), catalogue: catalogue([hard]), feature: "f", now });
    expect(denied.amount).toBeUndefined();
  });

  test.each([
    [10, { limit: 10 }],
    [0, { limit: 0, remaining: 0 }],
    ["unlimited", { limit: "unlimited", remaining: "unlimited" }],
  ])("of %s is not tested against what is not known, and nothing is made up of what remains", (limit, given) => {
    const shop = catalogue([hard], [plan("base", { f: limit })]);
    const decision = decide({ tenant: tenant({ plan: "base" }), catalogue: shop, feature: "f", now, usage: { used: null } });
    expect(decision).toMatchObject({ entitled: true, reason: "plan" });
    expect(decision.amount).toEqual({ ...given, resetPeriod: "month", resetsAt: Date.UTC(2026, 11, 1), softLimit: false });
  });

  test.each([
    ["not_in_plan", {}, hard],
    ["override", { plan: "all", grants: [denial("f")] }, hard],
    ["tenant_suspended", { plan: "all", status: "suspended" as const }, hard],
    ["tenant_archived", { plan: "all", status: "archived" as const }, soft],
    ["feature_archived", { plan: "all" }, { ...hard, archivedAt: now }],
  ])("a no for %s tells what was used in which period, and that nothing remains, but no limit", (reason, has, f) => {
    const shop = catalogue([f], [plan("all", { f: 10 })]);
    const decision = decide({ tenant: tenant(has), catalogue: shop, feature: "f", now, usage: { used: 4 } });
    const resetsAt = Date.UTC(2026, 11, 1);
    expect(decision).toMatchObject({ entitled: false, reason });
    expect(decision.consumption).toEqual({ used: 4, remaining: 0, resetPeriod: "month", resetsAt, softLimit: f.meter.soft });
    expect(decision.amount).toBeUndefined();
  });

  test("the winner of a limit that is reached keeps its mark and its end", () => {
    const decision = ask(hard, { plan: 1, trials: [5] }, { used: 5 });
    expect(decision).toMatchObject({ reason: "limit_reached", source: "trial", expiresAt: now + day });
    expect(decision.sources.filter((s) => s.wins).map((s) => s.source)).toEqual(["trial"]);
  });

  describe("names, cheapest first, what would turn the no into a yes", () => {
    const shop = catalogue(
      [hard],
      [
        plan("s", { f: 1000 }, { rank: 1 }),
        plan("same", { f: 1000 }, { rank: 2 }),
        plan("m", { f: 1200 }, { rank: 3 }),
        plan("none", {}, { rank: 4 }),
        plan("heir", {}, { rank: 5, includes: "m" }),
        plan("xl", { f: "unlimited" }, { rank: 6 }),
        plan("gone", { f: 9_000 }, { rank: 7, archivedAt: now }),
        addOn("half", { f: 500 }, { rank: 8 }),
        addOn("bit", { f: 100 }, { rank: 9 }),
        addOn("empty", { f: 0 }, { rank: 10 }),
      ],
    );
    const available = (has: Parameters<typeof tenant>[0], used: number, requested?: number) => {
      const decision = decide({ tenant: tenant(has), catalogue: shop, feature: "f", now, usage: { used }, requested });
      return [decision.reason, decision.availableIn];
    };

    test("plans with a higher limit and add-ons that add to it, none that is held, archived or gives nothing", () => {
      expect(available({ plan: "s" }, 1000)).toEqual(["limit_reached", ["m", "heir", "xl", "half", "bit"]]);
      expect(available({ plan: "s" }, 999)).toEqual(["plan", []]);
    });

    test.each([
      [1099, undefined, ["m", "heir", "xl", "half", "bit"]],
      [1100, undefined, ["m", "heir", "xl", "half"]],
      [1199, undefined, ["m", "heir", "xl", "half"]],
      [1200, undefined, ["xl", "half"]],
      [1000, 200, ["m", "heir", "xl", "half"]],
      [1000, 201, ["xl", "half"]],
      [1500, undefined, ["xl"]],
    ])("only what covers %d used and %s more", (used, requested, plans) => {
      expect(available({ plan: "s" }, used, requested)).toEqual(["limit_reached", plans]);
    });

    test("none while an override wins: no plan stands above it", () => {
      expect(available({ plan: "s", grants: [override("f", { value: 10 })] }, 10)).toEqual(["limit_reached", []]);
    });

    test("while a trial of 10,000 wins, no add-on that leaves plan and add-ons below that", () => {
      const grants = [trial("f", { value: 10_000 })];
      expect(available({ plan: "s", grants }, 10_000)).toEqual(["limit_reached", ["xl"]]);
    });

    test("a plan of 1,200 in place of one of 1,000, since the held add-on of 500 stays", () => {
      const has = { plan: "s", addOns: ["half"] };
      expect(available(has, 1500)).toEqual(["limit_reached", ["m", "heir", "xl", "bit"]]);
      expect(available(has, 1699)).toEqual(["limit_reached", ["m", "heir", "xl"]]);
      expect(available(has, 1700)).toEqual(["limit_reached", ["xl"]]);
    });
  });
});

describe("a value", () => {
  const tied = (config: ConfigSettings) => configFeature("f", config, { flag: flagTie("grant") });
  const higher = tied({ kind: "number", better: "higher" });
  const lower = tied({ kind: "number", better: "lower" });
  const options = tied({ kind: "text", options: ["bronze", "silver", "gold"] });
  const text = tied({ kind: "text", options: [] });
  const json = tied({ kind: "json" });

  test.each<[string, Feature, Gives, Value, Decision["source"]]>([
    ["higher is better: the highest wins", higher, { plan: 5, addOns: [3], trials: [9], flag: flag(7) }, 9, "trial"],
    ["higher is better: numbers do not add up", higher, { plan: 5, addOns: [3] }, 5, "plan"],
    ["higher is better: the flag's wins when highest", higher, { plan: -5, trials: [0], flag: flag(0.5) }, 0.5, "flag"],
    ["lower is better: the lowest wins", lower, { plan: 5, addOns: [3], trials: [9], flag: flag(4) }, 3, "add_on"],
    ["lower is better: the flag's wins when lowest", lower, { plan: 5, flag: flag(-1) }, -1, "flag"],
    ["options: the last in the list is the best", options, { plan: "silver", trials: ["gold"], addOns: ["bronze"] }, "gold", "trial"],
    ["options: a worse one does not win by coming later", options, { plan: "silver", flag: flag("bronze") }, "silver", "plan"],
    ["options: a flag's variant counts", options, { plan: "silver", flag: { state: "on", variant: "gold" } }, "gold", "flag"],
    [
      "options: the payload speaks before the variant",
      options,
      { plan: "bronze", flag: { state: "on", payload: "silver", variant: "gold" } },
      "silver",
      "flag",
    ],
    [
      "options: a variant that is no option gives nothing",
      options,
      { plan: "bronze", flag: { state: "on", variant: "platinum" } },
      "bronze",
      "plan",
    ],
    ["a tie goes to the plan", higher, { plan: 5, addOns: [5], trials: [5], flag: flag(5) }, 5, "plan"],
    ["a tie goes to the add-on before the trial", lower, { addOns: [5], trials: [5], flag: flag(5) }, 5, "add_on"],
    ["a tie goes to the trial before the flag", options, { trials: ["gold"], flag: flag("gold") }, "gold", "trial"],
    ["text without options: the trial speaks first", text, { plan: "a", addOns: ["b"], trials: ["c"], flag: flag("d") }, "c", "trial"],
    ["text without options: then the latest add-on", text, { plan: "z", addOns: ["b", "a"], flag: flag("d") }, "a", "add_on"],
    ["text without options: then the plan", text, { plan: "a", flag: flag("d") }, "a", "plan"],
    ["text without options: last the flag, by its variant", text, { flag: { state: "on", variant: "v2" } }, "v2", "flag"],
    ["JSON: the trial speaks first", json, { plan: { a: 1 }, addOns: [[2]], trials: [{ a: 3 }], flag: flag(4) }, { a: 3 }, "trial"],
    ["JSON: then the latest add-on", json, { plan: { a: 1 }, addOns: [[2], [3]], flag: flag(4) }, [3], "add_on"],
    ["JSON: then the plan", json, { plan: false, flag: flag(4) }, false, "plan"],
    ["JSON: last the flag", json, { flag: flag({ deep: [1] }) }, { deep: [1] }, "flag"],
    ["an override replaces a better number", higher, { plan: 50, trials: [70], override: 1 }, 1, "override"],
    ["an override replaces a better option", options, { plan: "gold", override: "bronze" }, "bronze", "override"],
    ["an override speaks before a trial", json, { trials: [1], override: 0 }, 0, "override"],
  ])("%s", (_, f, gives, value, source) => {
    expect(ask(f, gives)).toMatchObject({ entitled: true, value, source });
  });

  test.each<[string, Feature, FlagReading]>([
    ["text for a number", higher, flag("5")],
    ["a number for text", text, flag(5)],
    ["no option", options, flag("platinum")],
    ["null for JSON", json, flag(null)],
    ["nothing for a number, although a variant is there", higher, { state: "on", variant: "5" }],
    ["nothing for JSON, although a variant is there", json, { state: "on", variant: "5" }],
  ])("a flag that gives %s is no opinion", (_, f, reading) => {
    expect(ask(f, { flag: reading })).toMatchObject({ entitled: false, reason: "not_in_plan", sources: [{ source: "flag", state: "on" }] });
  });

  test("of two add-ons that give as much, the latest wins", () => {
    const decision = ask(higher, { addOns: [5, 5] });
    expect(decision.sources.find((s) => s.wins)).toMatchObject({ plan: "add-1" });
  });

  test("of two trials that give as much, the one that lasts longer wins", () => {
    expect(ask(higher, { trials: [5, 5, 4] }).expiresAt).toBe(now + 2 * day);
    expect(ask(json, { trials: [5, 6] })).toMatchObject({ value: 6, expiresAt: now + 2 * day });
  });
});
