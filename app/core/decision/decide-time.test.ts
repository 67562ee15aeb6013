import { describe, expect, test } from "vitest";
import { endOf, isLive } from "~/core/grants/grant-lifetime";
import type { Feature, FlagReading, Grant, Instant } from "~/core/model";
import { day, hour } from "~/core/time";
import { catalogue, denial, feature, flagTie, lastSeen, meteredFeature, now, override, plan, tenant, trial } from "~tests/facts";
import { decide } from "./decide";

const at = { start: now, end: now + 10 * day };

function ask(when: Instant, grants: Grant[], f: Feature = feature("f"), flag?: FlagReading) {
  return decide({ tenant: tenant({ grants, plan: "base" }), catalogue: catalogue([f], [plan("base")]), feature: "f", now: when, flag });
}

describe("a trial", () => {
  const grants = [trial("f", { startsAt: at.start, endsAt: at.end })];

  test.each([
    ["1 ms before its start", at.start - 1, false],
    ["at its start", at.start, true],
    ["1 ms after its start", at.start + 1, true],
    ["1 ms before its end", at.end - 1, true],
    ["at its end", at.end, false],
    ["1 ms after its end", at.end + 1, false],
  ])("%s: entitled %s", (_, when, entitled) => {
    const decision = ask(when, grants);
    expect(decision).toMatchObject({ entitled, reason: entitled ? "trial" : "not_in_plan", expiresAt: entitled ? at.end : null });
    expect(decision.sources).toHaveLength(entitled ? 1 : 0);
  });

  test.each([
    ["1 ms before it was ended early", -1, true],
    ["at the instant it was ended early", 0, false],
    ["1 ms after it was ended early", 1, false],
  ])("%s: entitled %s", (_, offset, entitled) => {
    const ended = [trial("f", { startsAt: at.start, endsAt: at.end, endedAt: at.start + day })];
    expect(ask(at.start + day + offset, ended)).toMatchObject({ entitled, expiresAt: entitled ? at.start + day : null });
  });

  test("that was ended before it began never counts, and its dates move nothing", () => {
    const calledOff = [trial("f", { startsAt: now + day, endsAt: now + 5 * day, endedAt: now - hour })];
    for (const when of [now, now + day - 1, now + day, now + 2 * day]) {
      expect(ask(when, calledOff)).toMatchObject({ entitled: false, validUntil: null });
    }
  });

  test("of another feature says nothing", () => {
    expect(ask(now, [trial("g")])).toMatchObject({ entitled: false, validUntil: null, sources: [] });
  });

  test("that takes over where another ends leaves no millisecond between them", () => {
    const relay = [
      trial("f", { id: "gr_1", startsAt: at.start, endsAt: at.end }),
      trial("f", { id: "gr_2", startsAt: at.end, endsAt: at.end + day }),
    ];
    const ids = [at.end - 1, at.end].map((when) => ask(when, relay).sources.map((s) => "grant" in s && s.grant));
    expect(ids).toEqual([["gr_1"], ["gr_2"]]);
  });
});

describe("an override", () => {
  test.each([
    ["1 ms before its start", at.start - 1, "trial"],
    ["at its start", at.start, "override"],
    ["1 ms before its end", at.end - 1, "override"],
    ["at its end", at.end, "trial"],
  ])("%s the reason is %s: an override that is over is absent", (_, when, reason) => {
    const under = trial("f", { startsAt: at.start - day, endsAt: at.end + day });
    for (const over of [denial("f", { startsAt: at.start, endsAt: at.end }), override("f", { startsAt: at.start, endsAt: at.end })]) {
      const decision = ask(when, [under, over]);
      expect(decision.reason).toBe(reason);
      expect(decision.expiresAt).toBe(reason === "override" ? at.end : at.end + day);
      expect(decision.sources).toHaveLength(reason === "override" ? 2 : 1);
    }
  });

  test("without an end counts in a hundred years, until somebody ends it", () => {
    const late = now + 36_500 * day;
    expect(ask(late, [override("f")])).toMatchObject({ entitled: true, expiresAt: null, validUntil: null });
    const ended = [override("f", { endedAt: late })];
    expect([ask(late - 1, ended).entitled, ask(late, ended).entitled]).toEqual([true, false]);
  });
});

describe("endOf and isLive", () => {
  test("the end is the earlier of the planned one and the one that a person made", () => {
    expect(endOf(trial("f", { endsAt: 9 }))).toBe(9);
    expect(endOf(trial("f", { endsAt: 9, endedAt: 4 }))).toBe(4);
    expect(endOf(trial("f", { endsAt: 9, endedAt: 12 }))).toBe(9);
    expect(endOf(override("f"))).toBeNull();
    expect(endOf(override("f", { endedAt: 4 }))).toBe(4);
  });

  test("a grant without length is never live", () => {
    expect(isLive(trial("f", { startsAt: now, endsAt: now }), now)).toBe(false);
  });
});

describe("the last known value of a flag", () => {
  const seenAt = now - 12 * hour;
  const lapse = seenAt + 24 * hour;
  const tied = (rule: "grant" | "gate" | "both") => feature("f", { flag: flagTie(rule) });

  test.each([
    ["1 ms before", lapse - 1, "flag_on", lapse],
    ["at", lapse, "not_in_plan", null],
    ["1 ms after", lapse + 1, "not_in_plan", null],
  ])("grants for 24 hours: %s the end it is %s", (_, when, reason, validUntil) => {
    for (const rule of ["grant", "both"] as const) {
      expect(ask(when, [], tied(rule), lastSeen("on", seenAt))).toMatchObject({ reason, validUntil, expiresAt: null });
    }
  });

  test.each([lapse - 1, lapse, lapse + 10_000 * day])("gates without lapsing (%d)", (when) => {
    for (const rule of ["gate", "both"] as const) {
      expect(ask(when, [trial("f", { endsAt: when + 1 })], tied(rule), lastSeen("off", seenAt)).reason).toBe("flag_off");
    }
  });

  test("is marked stale as long as it counts, and a fresh one is not", () => {
    const stale = (when: Instant, rule: "grant" | "gate" | "both", reading: FlagReading) => ask(when, [], tied(rule), reading).isStale;
    expect(stale(lapse - 1, "grant", lastSeen("on", seenAt))).toBe(true);
    expect(stale(lapse, "grant", lastSeen("on", seenAt))).toBe(false);
    expect(stale(lapse, "both", lastSeen("on", seenAt))).toBe(true);
    expect(stale(lapse, "gate", lastSeen("off", seenAt))).toBe(true);
    expect(stale(now, "grant", { state: "on" })).toBe(false);
    expect(stale(now, "grant", { state: "unknown" })).toBe(false);
  });

  test("is not used when the feature says what unknown means", () => {
    const on = feature("f", { flag: flagTie("grant", { whenUnknown: "on" }) });
    expect(ask(now, [], on, lastSeen("off", now))).toMatchObject({ reason: "flag_on", isStale: false, validUntil: null });
    const off = feature("f", { flag: flagTie("grant", { whenUnknown: "off" }) });
    expect(ask(now, [], off, lastSeen("on", now))).toMatchObject({ reason: "not_in_plan", isStale: false, validUntil: null });
  });

  test("is not used when there is an answer", () => {
    const reading: FlagReading = { state: "off", last: { state: "on", seenAt: now } };
    expect(ask(now, [], tied("grant"), reading)).toMatchObject({ reason: "not_in_plan", isStale: false, validUntil: null });
  });
});

describe("usage resets", () => {
  const reset = Date.UTC(2026, 11, 1);
  test.each([
    ["1 ms before", reset - 1, reset],
    ["at", reset, Date.UTC(2027, 0, 1)],
    ["1 ms after", reset + 1, Date.UTC(2027, 0, 1)],
  ])("%s the reset, the answer says when the next one comes", (_, when, next) => {
    const decision = ask(when, [override("f", { value: 5 })], meteredFeature("f"));
    expect(decision).toMatchObject({ validUntil: next, amount: { resetsAt: next } });
  });

  test("a counter that is never reset has no such instant", () => {
    const decision = ask(now, [override("f", { value: 5 })], meteredFeature("f", { resetPeriod: "never" }));
    expect(decision).toMatchObject({ validUntil: null, amount: { resetsAt: null } });
  });
});

describe("validUntil", () => {
  test.each<[string, Grant[], Instant | null]>([
    ["null when the clock alone changes nothing", [override("f")], null],
    ["the end of a live trial", [trial("f", { endsAt: now + 3 })], now + 3],
    ["the start of a coming trial", [trial("f", { startsAt: now + 2, endsAt: now + 9 })], now + 2],
    ["the end of an override, although it denies", [denial("f", { endsAt: now + 4 }), trial("f", { endsAt: now + 9 })], now + 4],
    ["the end of a trial under an override", [override("f"), trial("f", { endsAt: now + 9 })], now + 9],
    ["the start of a coming override", [denial("f", { startsAt: now + 5 }), trial("f", { endsAt: now + 9 })], now + 5],
    ["the instant at which somebody is to end it", [trial("f", { endsAt: now + 9, endedAt: now + 6 })], now + 6],
    ["not the start that is past", [trial("f", { startsAt: now, endsAt: now + 9 })], now + 9],
    ["not the end that is past", [trial("f", { endsAt: now }), denial("f", { endsAt: now - 1 })], null],
  ])("%s", (_, grants, expected) => {
    expect(ask(now, grants).validUntil).toBe(expected);
  });

  test("the earliest of a grant's end, the reset and the lapse of a flag", () => {
    const f = meteredFeature("f", { resetPeriod: "day" }, { flag: flagTie("grant") });
    const reset = Date.UTC(2026, 10, 21);
    const until = (endsAt: Instant, lapse: Instant) =>
      ask(now, [trial("f", { value: 1, endsAt })], f, lastSeen("on", lapse - 24 * hour, { payload: 5 })).validUntil;
    expect(until(reset - 1, reset + 1)).toBe(reset - 1);
    expect(until(reset + 1, reset - 2)).toBe(reset - 2);
    expect(until(reset + 1, reset + 2)).toBe(reset);
  });

  test("a flag that is not asked does not move it", () => {
    const reading = lastSeen("on", now - hour);
    expect(ask(now, [trial("f", { endsAt: now + 9 * day })], feature("f", { flag: flagTie("grant") }), reading).validUntil).toBe(
      now + 9 * day,
    );
  });
});
