import { describe, expect, test } from "vitest";
import { compileCatalogue } from "~/core/catalogue/catalogue";
import type { Trial } from "~/core/model";
import { day, minute } from "~/core/time";
import { feature, meteredFeature, now, plan } from "../../../tests/support/facts";
import { hasNowSentence, suggestedValue, trialSentence, trialStatus } from "./trial-choice";

const trial = (startsAt: number, endsAt: number, more: Partial<Trial> = {}): Trial => ({
  ...{ id: "gr_1", kind: "trial", feature: "sso", value: true, startsAt, endsAt, endedAt: null, extends: null, note: null },
  ...{ createdAt: now, createdBy: "Ada" },
  ...more,
});

const clock = { zone: "UTC", now };

describe("what is said about a feature", () => {
  const message = "Not included in Starter.";
  test("without trials it is the reason of the answer", () => {
    expect(trialStatus(message, [], now, "UTC")).toEqual({ sentence: message, live: null });
  });
  test("a live trial is offered to be extended until its last millisecond", () => {
    const live = trial(now - day, now + 1);
    expect(trialStatus(message, [live], now, "UTC")).toEqual({
      sentence: "On trial until 20 November 2026.",
      live: { grant: "gr_1", until: now + 1 },
    });
    expect(trialStatus(message, [live], now + 1, "UTC")).toEqual({ sentence: `${message} A trial ended on 20 November 2026.`, live: null });
  });
  test("of several ended trials the latest end is said, and one that was ended early counts from then", () => {
    const trials = [trial(now - 9 * day, now - 6 * day), trial(now - 5 * day, now + 9 * day, { endedAt: now - 4 * day })];
    expect(trialStatus(message, trials, now, "UTC").sentence).toBe(`${message} A trial ended on 16 November 2026.`);
  });
  test("an upcoming trial is said with its start", () => {
    expect(trialStatus(message, [trial(now + day, now + 2 * day)], now, "UTC").sentence).toBe(
      `${message} A trial starts on 21 November 2026.`,
    );
  });
});

describe("the value that is suggested", () => {
  const catalogue = compileCatalogue({
    revision: 1,
    features: [meteredFeature("calls"), feature("sso")],
    plans: [
      plan("free", { calls: 10 }, { rank: 1 }),
      plan("team", { calls: 100 }, { rank: 2 }),
      plan("max", { calls: "unlimited", sso: true }, { rank: 3 }),
    ],
  });
  test.each([
    ["free", 100],
    ["team", "unlimited"],
    ["max", 10],
    [null, 10],
    ["gone", 10],
  ])("for a tenant with the plan %s it is that of the next plan: %s", (own, value) => {
    expect(suggestedValue(catalogue, { plan: own }, "calls")).toBe(value);
  });
  test("it is none if no plan has the feature", () => {
    expect(suggestedValue(catalogue, { plan: "free" }, "nothing")).toBeUndefined();
  });
});

describe("the live sentence", () => {
  const sso = { name: "SSO", entitled: false };
  const epics = { name: "Epics", entitled: true };
  test("it names features, the end to the minute, and a start that is later", () => {
    expect(trialSentence("Acme", [sso], { from: null, until: now + 14 * day + 5 * minute }, clock)).toBe(
      "Acme has SSO until 4 Dec, 10:05 UTC.",
    );
    expect(trialSentence("Acme", [sso, epics], { from: now + day, until: now + 2 * day }, clock)).toBe(
      "Acme has SSO and Epics from 21 Nov, 10:00 UTC until 22 Nov, 10:00 UTC.",
    );
    const many = Array.from({ length: 9 }, (_, i) => ({ name: `F${i}`, entitled: false }));
    expect(trialSentence("Acme", many, { from: null, until: now }, clock)).toMatch(/^Acme has F0, F1, F2 and 6 more until /);
  });
  test("it says what the tenant has of them now", () => {
    expect(hasNowSentence([sso])).toBe("It does not have it now.");
    expect(hasNowSentence([epics])).toBe("It has it now already.");
    expect(hasNowSentence([sso, sso])).toBe("It has none of them now.");
    expect(hasNowSentence([epics, epics])).toBe("It has all of them now already.");
    expect(hasNowSentence([sso, epics])).toBe("It has Epics now already, and not the others.");
  });
});
