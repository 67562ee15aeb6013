import { describe, expect, test } from "vitest";
import { catalogueChange } from "~/core/catalogue/catalogue-changes";
import type { ConfigSettings, Value } from "~/core/model";
import { catalogueFacts, configFeature, feature, meteredFeature, stamp } from "~tests/facts";
import { invalidatedGrantsMessage, isInvalidated, resettled } from "./invalidated-grants";

const text = (...options: string[]): ConfigSettings => ({ kind: "text", options });
const theme = (config: ConfigSettings) => configFeature("theme", config, { name: "Theme" });
const held = (tenant: string, value: Value) => ({ grant: `gr_${tenant}`, tenant, kind: "trial" as const, value });

describe("of a change to the catalogue", () => {
  const before = catalogueFacts([theme(text("light", "dark")), feature("sso"), meteredFeature("calls")]);
  const changed = (...features: Parameters<typeof catalogueFacts>[0]) =>
    resettled(before, catalogueChange("catalogue.imported", { features }, stamp(), null)).map((f) => f.key);

  test("those features count whose values are of another kind or other options, whatever else changes", () => {
    expect(changed(theme(text("light")))).toEqual(["theme"]);
    expect(changed({ ...theme({ kind: "json" }), archivedAt: 1 })).toEqual(["theme"]);
    expect(changed({ ...theme(text("light", "dark")), name: "Look", archivedAt: 1 }, feature("sso", { name: "SSO" }))).toEqual([]);
  });

  test("what is new, and how a limit resets, leaves nothing behind", () => {
    expect(changed(configFeature("layout", { kind: "json" }), meteredFeature("calls", { resetPeriod: "hour", soft: true }))).toEqual([]);
  });
});

test.each<[ConfigSettings, Value, boolean]>([
  [text("light"), "dark", true],
  [text("light"), "light", false],
  [text(), "dark", false],
  [{ kind: "number", better: "higher" }, "dark", true],
  [{ kind: "number", better: "lower" }, 3, false],
  [text(), 3, true],
  [{ kind: "json" }, "dark", false],
])("of %j the value %j is left behind: %s", (config, value, expected) => {
  expect(isInvalidated(theme(config), { value })).toBe(expected);
});

describe("the refusal names grants and says what would work:", () => {
  const [a, b, c, d] = [held("acme", "dark"), { ...held("beta", "grey"), kind: "override" as const }, held("c", "x"), held("d", "x")];
  test("all of a few", () => {
    expect(invalidatedGrantsMessage(theme(text("light")), [a, b], false)).toBe(
      "what these grants give of Theme would no longer fit: the trial of acme (dark) and the override of beta (grey). End them or grant another value first",
    );
  });
  test.each([
    [[a, b, c, d], false],
    [[a, b, c], true],
  ])("three of many", (unfit, more) => {
    expect(invalidatedGrantsMessage(theme(text("light")), unfit, more)).toContain("beta (grey), the trial of c (x) and others. End them");
  });
});
