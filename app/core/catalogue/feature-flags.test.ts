import { describe, expect, test } from "vitest";
import type { Feature, FlagLink } from "~/core/model";
import type { FlagFilters } from "~/core/posthog/flag-filters";
import { configFeature, feature, flagTie, meteredFeature } from "~tests/facts";
import { type FlagLook, linkFindings, tieRefusal } from "./feature-flags";

type Rule = FlagLink["rule"];
const tie = (rule: Rule = "grant") => flagTie(rule, { key: "beta" });
const found = (more: Partial<Extract<FlagLook, { is: "found" }>> = {}): FlagLook => ({
  is: "found",
  active: true,
  audience: "tenants",
  filters: null,
  ...more,
});
const findings = (look: FlagLook, of: Feature = feature("sso"), rule: Rule = "grant") =>
  linkFindings({ ...of, flag: tie(rule) } as Feature & { flag: FlagLink }, look, "organization");
const codes = (...args: Parameters<typeof findings>) => findings(...args).map((f) => f.code);
const refusal = (look: FlagLook, rule: Rule = "grant") => tieRefusal(tie(rule), look, "organization");

test("a flag about tenants that is there, and one that cannot be looked up, are nothing to speak of", () => {
  for (const look of [found(), found({ active: false }), found({ audience: undefined }), { is: "unknown" } as const]) {
    expect(codes(look)).toEqual([]);
    expect(refusal(look, "gate")).toBeNull();
  }
});

describe("a tie is refused, beside the flag and with what to do,", () => {
  test.each([
    ["that PostHog does not have", { is: "missing" }, "grant", "flag_not_found"],
    ["that is off or missing, where that takes the feature from everybody", { is: "silent" }, "gate", "flag_not_found"],
    ["about groups of another type", found({ audience: "elsewhere" }), "grant", "flag_group_type"],
  ] as const)("to a flag %s", (_what, look, rule, code) => {
    expect(refusal(look, rule)).toEqual({
      ok: false,
      code,
      field: "flag",
      message: expect.stringMatching(/beta.*\. .* take the tie off the feature\.$/),
    });
  });

  test("but not where it adds nothing yet, nor where checks have to name a user", () => {
    expect(refusal({ is: "silent" }, "grant")).toBeNull();
    expect(codes({ is: "silent" })).toEqual(["silent"]);
    for (const audience of ["persons", "mixed"] as const) {
      expect(refusal(found({ audience }))).toBeNull();
      expect(codes(found({ audience }))).toEqual([audience]);
      expect(findings(found({ audience }))[0]?.todo).toMatch(/Checks .* user/);
    }
  });
});

describe("what a yes comes with has to fit the feature:", () => {
  const calls = meteredFeature("calls");
  const theme = configFeature("theme", { kind: "text", options: ["dark", "light"] });
  const payload = (payloads: FlagFilters["payloads"]) => found({ filters: { groups: [], payloads } });
  const variants = (shares: { [variant: string]: number }, payloads: FlagFilters["payloads"] = {}) =>
    found({
      filters: {
        multivariate: { variants: Object.entries(shares).map(([key, rollout_percentage]) => ({ key, rollout_percentage })) },
        payloads,
      },
    });

  test("a limit, or it says which value does not", () => {
    expect(codes(payload({ true: "500" }), calls)).toEqual([]);
    expect(codes(payload({ true: '"many"' }), calls)).toEqual(["payload"]);
    expect(findings(payload({ true: '"many"' }), calls)[0]?.says).toMatch(/^The flag beta gives "many", and calls .*\.$/);
  });

  test("or it says that there is none", () => {
    expect(codes(payload({}), calls)).toEqual(["no_value"]);
    expect(codes(payload(undefined), theme)).toEqual(["no_value"]);
  });

  test("of every variant that somebody gets; a text is the variant itself", () => {
    expect(codes(variants({ dark: 50, light: 50 }), theme)).toEqual([]);
    expect(codes(variants({ dark: 50, blue: 50 }), theme)).toEqual(["payload"]);
    expect(codes(variants({ dark: 100, blue: 0 }), theme)).toEqual([]);
    expect(codes(variants({ dark: 50, other: 50 }, { other: '"light"' }), theme)).toEqual([]);
    expect(codes(variants({ a: 50, b: 50 }, { a: "1" }), calls)).toEqual(["no_value"]);
  });

  test("a switch needs none, and a gate gives none", () => {
    expect(codes(payload({ true: '"many"' }), feature("sso"))).toEqual([]);
    expect(codes(payload({ true: '"many"' }), calls, "gate")).toEqual([]);
    expect(codes(payload({ true: '"many"' }), calls, "both")).toEqual(["payload"]);
  });
});
