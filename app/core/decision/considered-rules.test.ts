import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileCatalogue } from "~/core/catalogue/catalogue";
import type { Feature, FlagReading, Grant, TenantFacts, Value } from "~/core/model";
import { catalogue, denial, feature, flagTie, meteredFeature, now, override, plan, tenant, trial } from "~tests/facts";
import { world } from "~tests/worlds";
import { explain } from "./considered-rules";
import { decide } from "./decide";

type Asked = { feature?: Feature; gives?: Value; grants?: Grant[]; flag?: FlagReading; used?: number; status?: TenantFacts["status"] };

/** The result of each rule by its first letter: n(o), y(es), d(ecides), - (not reached). */
function trace({ feature: f = feature("f"), gives, grants = [], flag, used = 0, status = "active" }: Asked): string {
  const shop = catalogue([f], [plan("base", gives === undefined ? {} : { f: gives })]);
  const asker = { ...tenant({ plan: "base", grants }), status };
  const decision = decide({ tenant: asker, catalogue: shop, feature: "f", now, flag, usage: { used } });
  return explain(decision, f)
    .map(({ answer }) => (answer === "not_reached" ? "-" : answer[0]))
    .join("");
}

describe("the trace", () => {
  const metered = meteredFeature("f");
  const gated = feature("f", { flag: flagTie("gate") });
  const on: FlagReading = { state: "on" };

  test.each<[string, Asked, string]>([
    ["ends with a plan that has it", { gives: true }, "nnnnnnd----"],
    ["shows what else would have given it", { gives: true, grants: [trial("f")] }, "nnnnnndy---"],
    ["does not say of a flag that only gates that it gives anything", { feature: gated, flag: on }, "nnnnnnnnnd-"],
    ["nor beside what does", { feature: gated, flag: on, gives: true }, "nnnnnnd----"],
    ["goes no further than a suspended tenant, whatever the plan has", { gives: true, status: "suspended" }, "nnnd-------"],
    ["goes no further than a denial", { gives: true, grants: [denial("f")] }, "nnnnd------"],
    ["goes no further than a gate that is off", { feature: gated, flag: { state: "off" }, gives: true }, "nnnnnd-----"],
    ["says that a limit was looked at", { feature: metered, gives: 10, used: 9 }, "nnnnnnd---n"],
    ["says that a reached limit made the no, and what gave the limit", { feature: metered, gives: 10, used: 10 }, "nnnnnnynnnd"],
    [
      "of a limit that an override gave does not look at the plan",
      { feature: metered, gives: 10, used: 5, grants: [override("f", { value: 5 })] },
      "nnnny-----d",
    ],
  ])("%s", (_name, asked, letters) => {
    expect(trace(asked)).toBe(letters);
  });

  test("has exactly one rule that decides, and before the plan nothing says yes but an override with a limit", () => {
    fc.assert(
      fc.property(world, (w) => {
        const shop = compileCatalogue(w.facts);
        const decision = decide({ ...w, catalogue: shop, feature: w.asked });
        const answers = explain(decision, shop.features.get(w.asked)).map(({ answer }) => answer);
        expect(answers.filter((a) => a === "decides")).toHaveLength(1);
        const decider = answers.indexOf("decides");
        if (decider < 6) expect(answers).not.toContain("yes");
        const early = answers.slice(0, 6).flatMap((a, rule) => (a === "yes" ? [rule] : []));
        expect(early).toEqual(decision.reason === "limit_reached" && decision.source === "override" ? [4] : []);
      }),
      { numRuns: 500 },
    );
  });
});
