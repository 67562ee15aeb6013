import { describe, expect, test } from "vitest";
import { legible } from "./audit-documents";
import { changeLines } from "./change-lines";

const featureNames = new Map([
  ["sso", "Single sign-on"],
  ["calls", "API calls"],
]);
const planNames = new Map([
  ["free", "Free"],
  ["pro", "Pro"],
]);
const names = {
  feature: (key: string) => featureNames.get(key) ?? key,
  plan: (key: string) => planNames.get(key) ?? key,
  time: (iso: string) => `at ${iso.slice(0, 10)}`,
};
const lines = (before: Parameters<typeof legible>[0], after: Parameters<typeof legible>[0]) =>
  changeLines(legible(before), legible(after), names).map(({ label, before, after }) => `${label}: ${before ?? "-"} → ${after ?? "-"}`);
const grant = { id: "gr_1", kind: "trial", feature: "sso", startsAt: 0, endsAt: Date.UTC(2026, 11, 4), endedAt: null, note: null };

describe("a change in words", () => {
  test.each<[string, Parameters<typeof legible>[0], Parameters<typeof legible>[0], string[]]>([
    ["of the plan names both", { plan: "free" }, { plan: "pro" }, ["Plan: Free → Pro"]],
    [
      "of a reset period says what became of its counts",
      { features: [{ key: "calls", meter: { resetPeriod: "month" } }] },
      { features: [{ key: "calls", meter: { resetPeriod: "day" }, periodChanges: [{ at: 5, from: "month", counts: "carry" }] }] },
      ["API calls · meter · reset period: month → day", "API calls · changes of the reset period: - → from month (carry)"],
    ],
    ["to no plan says none", { plan: "free" }, { plan: null }, ["Plan: Free → none"]],
    ["of metadata names the field as it is", { metadata: { Region: "eu", a: 1 } }, { metadata: { a: 1 } }, ["Metadata · Region: eu → -"]],
    [
      "of metadata has every field and value as it is, also one that a record would hide or put in words",
      { metadata: { a: { B_b: 1 } } },
      { metadata: { a: { B_b: 2 }, id: "x", plan: "pro", endsAt: "2026-12-04", constructor: 1 } },
      [
        "Metadata · a · B_b: 1 → 2",
        "Metadata · id: - → x",
        "Metadata · plan: - → pro",
        "Metadata · endsAt: - → 2026-12-04",
        "Metadata · constructor: - → 1",
      ],
    ],
    [
      "of an item shows it, whatever its name",
      { plans: [{ key: "pro", entries: [] }] },
      {
        plans: [
          {
            key: "pro",
            entries: [
              { feature: "id", value: true },
              { feature: "constructor", value: 1 },
              { feature: "plans", value: "free" },
            ],
          },
        ],
      },
      ["Pro · id: - → yes", "Pro · constructor: - → 1", "Pro · plans: - → free"],
    ],
    ["of a field that is named like what objects inherit has one label", {}, { toString: "x" }, ["To string: - → x"]],
    [
      "of a grant names its feature, also where only the end differs",
      { grants: [grant] },
      { grants: [{ ...grant, endedAt: Date.UTC(2026, 10, 20) }] },
      ["Single sign-on · ended early: none → at 2026-11-20"],
    ],
    [
      "that extends a grant lists only what differs, although it is another row",
      { grants: [grant] },
      {
        grants: [
          { ...grant, endedAt: Date.UTC(2026, 10, 20) },
          { ...grant, id: "gr_2", extends: "gr_1", startsAt: Date.UTC(2026, 10, 20), endsAt: Date.UTC(2026, 11, 9), createdBy: "Bea" },
        ],
      },
      ["Single sign-on · until: at 2026-12-04 → at 2026-12-09"],
    ],
    [
      "that adds a grant lists what it has",
      null,
      { grants: [{ ...grant, extends: "gr_0" }] },
      ["Single sign-on · kind: - → trial", "Single sign-on · start: - → at 1970-01-01", "Single sign-on · until: - → at 2026-12-04"],
    ],
    [
      "of a plan's entries names plan and feature",
      { plans: [{ key: "pro", revision: 1, entries: [{ feature: "calls", value: 1_000 }] }] },
      {
        plans: [
          {
            key: "pro",
            revision: 2,
            entries: [
              { feature: "calls", value: 12_000 },
              { feature: "sso", value: true },
            ],
          },
        ],
      },
      ["Pro · API calls: 1,000 → 12,000", "Pro · Single sign-on: - → yes"],
    ],
    ["of a JSON value shows it whole", { value: { a: 1 } }, { value: { a: 2 } }, ['Value: {"a":1} → {"a":2}']],
    ["of a list shows its items", { scopes: [] }, { scopes: ["check", "usage"] }, ["Scopes: none → check, usage"]],
    ["of a text to an empty one says so", { description: "x" }, { description: "" }, ["Description: x → empty"]],
    ["between equal documents is none", { plan: "free" }, { plan: "free" }, []],
    ["of nothing is none", null, null, []],
    ["of a value that is no document is one line", 1, "__proto__", ["value: 1 → __proto__"]],
  ])("%s", (_, before, after, expected) => expect(lines(before, after)).toEqual(expected));
});
