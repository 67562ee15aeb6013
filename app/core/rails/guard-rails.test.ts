import { expect, test } from "vitest";
import type { Trial } from "~/core/model";
import { day, hour } from "~/core/time";
import { allowed, type GuardRails, noRails, type RailRole, railSentences, trialSpans } from "./guard-rails";

const now = Date.UTC(2026, 10, 20, 10);
let count = 0;
const trial = (more: Partial<Trial>): Trial => ({
  ...{ id: `gr_${++count}`, kind: "trial", feature: "sso", value: true, startsAt: now, endsAt: now + 14 * day, endedAt: null },
  ...{ extends: null, note: null, createdAt: now, createdBy: "Ada" },
  ...more,
});
const grant = (more: { startsAt?: number; endsAt?: number; feature?: string } = {}) => {
  const { feature = "sso", startsAt = now, endsAt = now + 14 * day } = more;
  return { kind: "grant", features: [{ feature, name: "SSO" }], startsAt, endsAt } as const;
};
const verdict = (act: Parameters<typeof allowed>[0], rules: Partial<GuardRails>, trials: Trial[] = [], role: RailRole = "admin") =>
  allowed(act, role, { ...noRails, ...rules }, trialSpans(trials));
const railsOf = (...of: Parameters<typeof verdict>) => {
  const found = verdict(...of);
  return found.may === "yes" ? [] : found.passed.map(({ rail }) => rail);
};

test("without limits everything is allowed", () => {
  expect(verdict(grant({ endsAt: now + 9_000 * day }), {}, [trial({ feature: "epics" })], "support")).toEqual({ may: "yes" });
});

test("a trial may last exactly as long as the limit, and not a millisecond longer", () => {
  expect(railsOf(grant({ endsAt: now + 30 * day }), { maxDays: 30 })).toEqual([]);
  expect(railsOf(grant({ endsAt: now + 30 * day + 1 }), { maxDays: 30 })).toEqual(["longest_trial"]);
});

test("an extension counts from the first start of the trial, over all grants that it joins", () => {
  const first = trial({ endedAt: now + day });
  const second = trial({ extends: first.id, startsAt: now + day, endsAt: now + 20 * day, endedAt: now + 2 * day });
  const third = trial({ extends: second.id, startsAt: now + 2 * day, endsAt: now + 25 * day });
  const extend = (endsAt: number) => ({ kind: "extend", grant: third.id, endsAt }) as const;
  const trials = [first, second, third];
  expect(trialSpans(trials)).toEqual([{ grant: third.id, feature: "sso", from: now, until: now + 25 * day, extensions: 2 }]);
  expect(railsOf(extend(now + 30 * day), { maxDays: 30, maxExtensions: 3 }, trials)).toEqual([]);
  expect(railsOf(extend(now + 30 * day + 1), { maxDays: 30, maxExtensions: 2 }, trials)).toEqual(["longest_trial", "most_extensions"]);
});

test("trials of a feature with less than a day between them count as one for the longest trial", () => {
  const [first, second] = [
    trial({ startsAt: now - 25 * day, endsAt: now - 15 * day - 1 }),
    trial({ startsAt: now - 15 * day, endsAt: now - day + 1 }),
  ];
  const later = trial({ startsAt: now + 6 * day - 1, endsAt: now + 8 * day });
  const next = grant({ endsAt: now + 5 * day });
  expect(railsOf(next, { maxDays: 30 }, [first, second])).toEqual([]);
  expect(railsOf(next, { maxDays: 29 }, [first, second])).toEqual(["longest_trial"]);
  expect(railsOf(next, { maxDays: 32 }, [first, second, later])).toEqual(["longest_trial"]);
  expect(railsOf(next, { maxDays: 33 }, [first, second, later])).toEqual([]);
  expect(railsOf(next, { maxDays: 5 }, [trial({ startsAt: now - 9 * day, endsAt: now - day })])).toEqual([]);
  expect(railsOf(next, { maxDays: 5 }, [trial({ feature: "epics", startsAt: now - 9 * day, endsAt: now })])).toEqual([]);
  const extend = { kind: "extend", grant: second.id, endsAt: now + 5 * day } as const;
  expect(railsOf(extend, { maxDays: 29 }, [first, second])).toEqual(["longest_trial"]);
  expect(railsOf(extend, { maxDays: 30 }, [first, second])).toEqual([]);
});

test("days between two trials count from the end of the one before, and to the start of the one after", () => {
  const before = trial({ startsAt: now - 20 * day, endsAt: now - 10 * day });
  expect(railsOf(grant(), { daysApart: 10 }, [before])).toEqual([]);
  expect(railsOf(grant({ startsAt: now - 1 }), { daysApart: 10 }, [before])).toEqual(["days_between_trials"]);
  expect(railsOf(grant({ feature: "epics" }), { daysApart: 90 }, [before])).toEqual([]);
  const after = trial({ startsAt: now + 16 * day, endsAt: now + 20 * day });
  expect(railsOf(grant(), { daysApart: 2 }, [after])).toEqual([]);
  expect(railsOf(grant(), { daysApart: 3 }, [after])).toEqual(["days_between_trials"]);
});

test("a trial that ended within an hour of its start does not delay the next one", () => {
  const ended = (after: number) => trial({ startsAt: now - day, endedAt: now - day + after });
  expect(railsOf(grant(), { daysApart: 30 }, [ended(hour)])).toEqual([]);
  expect(railsOf(grant(), { daysApart: 30 }, [ended(hour + 1)])).toEqual(["days_between_trials"]);
});

test("trials at once are those that overlap the new one, with all of its features", () => {
  const others = [trial({ feature: "a" }), trial({ feature: "b", endsAt: now + day })];
  expect(railsOf(grant(), { maxLive: 3 }, others)).toEqual([]);
  expect(railsOf(grant(), { maxLive: 2 }, others)).toEqual(["live_trials"]);
  expect(railsOf(grant({ startsAt: now + day }), { maxLive: 2 }, others)).toEqual([]);
});

test("beyond a limit admins, owners and programs need a reason, and support is refused unless that is allowed", () => {
  const may = (role: RailRole, supportMayPass: boolean) => verdict(grant(), { maxDays: 1, supportMayPass }, [], role).may;
  expect((["admin", "owner", "program", "support", "viewer"] as const).map((role) => may(role, false))).toEqual([
    ...["with_reason", "with_reason", "with_reason"],
    ...["no", "no"],
  ]);
  expect([may("support", true), may("viewer", true)]).toEqual(["with_reason", "no"]);
});

test("each limit that is set has a sentence", () => {
  expect(railSentences({ ...noRails, maxDays: 1, maxExtensions: 0, daysApart: 1_000, maxLive: 1 })).toEqual([
    "A trial lasts up to 1 day, extensions included.",
    "A trial is not extended.",
    "There have to be 1,000 days between two trials of a feature.",
    "A tenant has up to 1 trial at once.",
  ]);
});
