import { endOf } from "~/core/grants/grant-lifetime";
import type { Grant, Instant } from "~/core/model";
import type { Role } from "~/core/permissions";
import { day, hour, longDate } from "~/core/time";

/** What a guard rail may bind or close. */
export const railedKinds = ["grant", "extend", "end"] as const;
export type RailedKind = (typeof railedKinds)[number];

/** Limits of trials, set by admins. Null: no limit. */
export type GuardRails = {
  /** From a trial's first start to its end, extensions included. */
  maxDays: number | null;
  maxExtensions: number | null;
  /** From the end of a trial to the start of the tenant's next trial of the feature. */
  daysApart: number | null;
  /** Trials of a tenant at once. */
  maxLive: number | null;
  /** Whether support may go on with a written reason, as admins may. */
  supportMayPass: boolean;
  /** What support may not do to trials at all. */
  supportMayNot: RailedKind[];
  /** Shown where a trial meets a limit. */
  why: string | null;
};

export const noRails: GuardRails = {
  ...{ maxDays: null, maxExtensions: null, daysApart: null, maxLive: null },
  ...{ supportMayPass: false, supportMayNot: [], why: null },
};

export const hasRails = ({ maxDays, maxExtensions, daysApart, maxLive, supportMayNot }: GuardRails): boolean =>
  supportMayNot.length > 0 || [maxDays, maxExtensions, daysApart, maxLive].some((limit) => limit !== null);

/** A trial with its extensions, as one. `grant`: the last one's id. `bundle`: id of the bundle that it is part of. */
export type TrialSpan = { grant: string; feature: string; from: Instant; until: Instant; extensions: number; bundle?: string };

/** `grants` may contain overrides, which are left out. */
export function trialSpans(grants: Iterable<Grant>): TrialSpan[] {
  const trials = [...grants].filter((grant) => grant.kind === "trial");
  const byId = new Map(trials.map((trial) => [trial.id, trial]));
  const extended = new Set(trials.map((trial) => trial.extends));
  return trials.flatMap((last) => {
    if (extended.has(last.id)) return [];
    let first = last;
    let extensions = 0;
    // A chain ends where its first grants are no longer known. A row that an undo gave back counts as the one it
    // stands for, so that an undone extension is none.
    for (let steps = 0; steps < trials.length; steps++) {
      const old = first.restores ?? first.extends;
      if (old === null) break;
      if (!first.restores) extensions += 1;
      const before = byId.get(old);
      if (!before) break;
      first = before;
    }
    const part = last.bundle ? { bundle: last.bundle.id } : {};
    return [{ grant: last.id, feature: last.feature, from: first.startsAt, until: endOf(last) as Instant, extensions, ...part }];
  });
}

/** Trials of a feature with less than this between them count as one, so that no limit is passed in pieces. In ms. */
const joinedWithinMs = day;

/**
 * The period of a trial together with those trials of the tenant's feature that it joins. `period`: the trial's own.
 * `grant`: the trial that becomes this one, which is left out.
 */
export function joinedPeriod(
  spans: readonly TrialSpan[],
  feature: string,
  period: { startsAt: Instant; endsAt: Instant },
  grant: string | null = null,
): { from: Instant; until: Instant } {
  const others = spans.filter((span) => span.feature === feature && span.grant !== grant && !isMistake(span));
  let { startsAt: from, endsAt: until } = period;
  for (const span of others.sort((a, b) => b.until - a.until)) {
    if (span.from < from && from - span.until < joinedWithinMs) from = span.from;
  }
  for (const span of others.sort((a, b) => a.from - b.from)) {
    if (span.until > until && span.from - until < joinedWithinMs) until = span.until;
  }
  return { from, until };
}

/** An act on trials. `name`: the feature's. `isBundle`: the features are one bundle. */
export type RailedAct =
  | { kind: "grant"; features: readonly { feature: string; name: string }[]; isBundle?: boolean; startsAt: Instant; endsAt: Instant }
  | { kind: "extend"; grant: string; endsAt: Instant }
  | { kind: "end" };

/** Who acts; `program`: an API key. */
export type RailRole = Role | "program";

export type Rail = "longest_trial" | "most_extensions" | "days_between_trials" | "live_trials" | "closed_to_support";
export type PassedRail = { rail: Rail; sentence: string };
export type RailVerdict = { may: "yes" } | { may: "with_reason" | "no"; passed: PassedRail[] };

/** A trial that was ended this soon after its start was a mistake, and counts neither as one before nor as a part. In ms. */
const mistakeMs = hour;
const isMistake = ({ from, until }: TrialSpan) => until - from <= mistakeMs;

/** Whether the role may do this to a tenant: yes, with a written reason, or not. `spans`: the tenant's trials. */
export function allowed(act: RailedAct, role: RailRole, rules: GuardRails, spans: readonly TrialSpan[]): RailVerdict {
  const closed = closedTo(role, act.kind, rules);
  if (closed !== null) return { may: "no", passed: [{ rail: "closed_to_support", sentence: closed }] };
  if (act.kind === "end") return { may: "yes" };
  const passed = act.kind === "grant" ? passedByGrant(act, rules, spans) : passedByExtension(act, rules, spans);
  if (passed.length === 0) return { may: "yes" };
  return { may: mayPass(role, rules) ? "with_reason" : "no", passed };
}

export const mayPass = (role: RailRole, { supportMayPass }: Pick<GuardRails, "supportMayPass">): boolean =>
  role === "support" ? supportMayPass : role !== "viewer";

/** Why the role may not do this at all, as a sentence, or null. */
export const closedTo = (role: RailRole, kind: RailedKind, { supportMayNot }: Pick<GuardRails, "supportMayNot">): string | null =>
  role === "support" && supportMayNot.includes(kind) ? `Support does not ${kind} trials here.` : null;

function passedByGrant(act: RailedAct & { kind: "grant" }, rules: GuardRails, spans: readonly TrialSpan[]): PassedRail[] {
  const { features, startsAt, endsAt } = act;
  const passed: PassedRail[] = tooLong(
    features.map(({ feature }) => joinedPeriod(spans, feature, act)),
    rules,
  );
  for (const { feature, name } of features) {
    const near = rules.daysApart === null ? undefined : nearSpan(spans, feature, act, rules.daysApart);
    if (!near) continue;
    const gap = `${days(rules.daysApart as number)} between two trials of a feature`;
    const other =
      near.until <= startsAt ? `The last one of ${name} ended on ${longDate(near.until)}` : `${name} has one from ${longDate(near.from)}`;
    passed.push({ rail: "days_between_trials", sentence: `There have to be ${gap}. ${other}.` });
  }
  const others = spans.filter(({ from, until }) => from < until && from < endsAt && startsAt < until);
  // A bundle counts as one trial.
  const overlapping = new Set(others.map(({ bundle, grant }) => bundle ?? grant)).size + (act.isBundle ? 1 : features.length);
  if (rules.maxLive !== null && overlapping > rules.maxLive) {
    const sentence = `A tenant has up to ${trials(rules.maxLive)} at once. With this it would have ${overlapping}.`;
    passed.push({ rail: "live_trials", sentence });
  }
  return passed;
}

/** The trial of the feature that is nearest in time, if it is too near. One that overlaps is refused for that. */
function nearSpan(
  spans: readonly TrialSpan[],
  feature: string,
  { startsAt, endsAt }: { startsAt: Instant; endsAt: Instant },
  apart: number,
) {
  const gapTo = ({ from, until }: TrialSpan) => (until <= startsAt ? startsAt - until : from - endsAt);
  const near = spans.filter((span) => {
    return span.feature === feature && !isMistake(span) && gapTo(span) >= 0 && gapTo(span) < apart * day;
  });
  return near.sort((a, b) => gapTo(a) - gapTo(b))[0];
}

function passedByExtension(
  { grant, endsAt }: RailedAct & { kind: "extend" },
  rules: GuardRails,
  spans: readonly TrialSpan[],
): PassedRail[] {
  const span = spans.find((s) => s.grant === grant);
  if (!span) return [];
  const passed = tooLong([joinedPeriod(spans, span.feature, { startsAt: span.from, endsAt }, grant)], rules);
  if (rules.maxExtensions !== null && span.extensions >= rules.maxExtensions) {
    const most = rules.maxExtensions === 0 ? "A trial is not extended" : `A trial is extended up to ${times(rules.maxExtensions)}`;
    const already = span.extensions === 0 ? "" : ` This one was already extended ${times(span.extensions)}.`;
    passed.push({ rail: "most_extensions", sentence: `${most}.${already}` });
  }
  return passed;
}

function tooLong(periods: readonly { from: Instant; until: Instant }[], { maxDays }: GuardRails): PassedRail[] {
  const ms = Math.max(...periods.map(({ from, until }) => until - from));
  if (maxDays === null || ms <= maxDays * day) return [];
  const length = days(Math.ceil(ms / day));
  return [{ rail: "longest_trial", sentence: `A trial lasts up to ${days(maxDays)}, extensions included. This one would last ${length}.` }];
}

const counted = (n: number, one: string, many: string) => (n === 1 ? `1 ${one}` : `${n.toLocaleString("en")} ${many}`);
const days = (n: number) => counted(n, "day", "days");
const times = (n: number) => counted(n, "time", "times");
const trials = (n: number) => counted(n, "trial", "trials");

/** The limits that are set, one sentence each. */
export function railSentences({ maxDays, maxExtensions, daysApart, maxLive }: GuardRails): string[] {
  return [
    maxDays === null ? [] : `A trial lasts up to ${days(maxDays)}, extensions included.`,
    maxExtensions === null ? [] : maxExtensions === 0 ? "A trial is not extended." : `A trial is extended up to ${times(maxExtensions)}.`,
    daysApart === null ? [] : `There have to be ${days(daysApart)} between two trials of a feature.`,
    maxLive === null ? [] : `A tenant has up to ${trials(maxLive)} at once.`,
  ].flat();
}

/** What forms for trials say of guard rails before they are sent. `sentences`: the limits that are set. */
export type RailFacts = { rules: GuardRails; role: Role; spans: TrialSpan[]; sentences: string[]; mayPass: boolean };

/** What follows the sentences of a verdict for people. */
export const railAdvice = (may: "with_reason" | "no"): string =>
  may === "no" ? "Your role is bound by this. Ask an admin." : "To go on, write the reason as the note.";
