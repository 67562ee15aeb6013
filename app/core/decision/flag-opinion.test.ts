import { expect, test } from "vitest";
import type { FlagReading } from "~/core/model";
import { catalogue, feature, flagTie, now, plan, tenant } from "~tests/facts";
import { decide } from "./decide";

const gate = flagTie("gate", { whenUnknown: "off" });
const ask = (archivedAt: number | null, flag: FlagReading | undefined) =>
  decide({
    tenant: tenant({ plan: "pro" }),
    catalogue: catalogue([feature("f", { flag: gate, archivedAt })], [plan("pro", { f: true })]),
    feature: "f",
    now,
    flag,
  });

test("a gate that PostHog was not asked about switches the feature off and is listed as not asked", () => {
  const { reason, sources } = ask(null, undefined);
  expect(reason).toBe("flag_off");
  expect(sources.at(-1)).toEqual({ source: "flag", flag: gate.key, state: "not_asked", isAssumed: true, wins: true });
});

test("a gate without an answer is marked as assumed, with the reason where there is one", () => {
  expect(ask(null, { state: "unknown" }).sources.at(-1)).toMatchObject({ state: "off", isAssumed: true, wins: true });
  expect(ask(null, { state: "unknown", failed: true }).sources.at(-1)).toMatchObject({ isAssumed: true, reason: "flag_failed" });
  expect(ask(null, { state: "off" }).sources.at(-1)).toEqual({ source: "flag", flag: gate.key, state: "off", wins: true });
});

test.each([undefined, { state: "on" }, { state: "off" }, { state: "unknown" }] as const)(
  "the flag of an archived feature is listed as not asked, whatever it says for other features: %j",
  (flag) => {
    expect(ask(now - 1, flag).sources.at(-1)).toEqual({ source: "flag", flag: gate.key, state: "not_asked" });
  },
);
