import { expect, test } from "vitest";
import type { Feature } from "~/core/model";
import { day } from "~/core/time";
import { addOn, catalogue, denial, feature, flagTie, meteredFeature, now, plan, tenant, trial } from "~tests/facts";
import { answerRow, byGroupAndName } from "./answer-row";

const calls = meteredFeature("calls", { unit: "calls" }, { name: "API calls", group: "Usage" });
const sso = feature("sso", { name: "Single sign-on", flag: flagTie("gate") });
const world = catalogue(
  [calls, sso],
  [
    plan("free", { calls: 10 }, { name: "Free" }),
    plan("pro", { sso: true }, { name: "Pro", includes: "free", rank: 20 }),
    addOn("more", { calls: 5 }, { name: "More" }),
  ],
);
const row = (of: Feature, facts = tenant({ plan: "pro", addOns: ["more"] })) =>
  answerRow({ facts, catalogue: world, now, readings: {}, zone: "UTC" }, of);

test("an answer shows what was consumed, and what PostHog says of its flag", () => {
  const tied = { ...sso, flag: flagTie("grant") };
  const flagged = catalogue([tied, calls], [plan("free", { calls: 10 })]);
  const facts = tenant({ plan: "free" });
  const readings = { usage: () => ({ used: 4 }), flag: () => ({ state: "on" as const }) };
  expect(answerRow({ facts, catalogue: flagged, now, readings, zone: "UTC" }, calls).gives).toMatch(/^10 .*, 4 used$/);
  expect(answerRow({ facts, catalogue: flagged, now, readings, zone: "UTC" }, tied)).toMatchObject({ entitled: true, source: "flag" });
});

test("an answer names plans in place of keys and shows what each source gives", () => {
  expect(row(calls)).toMatchObject({
    name: "API calls",
    group: "Usage",
    entitled: true,
    gives: "15 calls",
    message: "Part of Pro, from Free.",
    next: null,
    sources: [
      { kind: "plan", label: "Pro, from Free", gives: "10 calls", wins: true },
      { kind: "add_on", label: "More", gives: "5 calls", wins: true },
    ],
  });
});

test("a flag that PostHog was not asked about is listed as not asked", () => {
  expect(row(sso).sources).toContainEqual(expect.objectContaining({ kind: "flag", label: "Flag the-flag: not asked", wins: false }));
});

test("grants that are still to begin stand behind the sources, with their start; those that are over do not", () => {
  const later = trial("sso", { id: "gr_later", startsAt: now + day, endsAt: now + 2 * day });
  const over = trial("sso", { id: "gr_over", startsAt: now + day, endedAt: now });
  const { sources } = row(sso, tenant({ grants: [later, over, denial("sso", { id: "gr_no", endsAt: now + day })] }));
  expect(sources.map((s) => [s.label, s.denies, s.startsAt, s.expiresAt])).toEqual([
    ["Override: deny", true, null, now + day],
    ["Flag the-flag: not asked", false, null, null],
    ["Trial", false, now + day, now + 2 * day],
  ]);
});

test("features stand by group and name, those without a group last", () => {
  const list = [
    { group: null, name: "a" },
    { group: "B", name: "b" },
    { group: "A", name: "z" },
    { group: "B", name: "A" },
  ];
  expect(list.sort(byGroupAndName).map((f) => f.name)).toEqual(["z", "A", "b", "a"]);
});
