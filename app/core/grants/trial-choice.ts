import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Grant, Instant, TenantFacts, Value } from "~/core/model";
import { listWordsUpTo } from "~/core/text";
import { zonedDateTime, zonedLongDate } from "~/core/zoned-time";
import { endOf, grantStateOf } from "./grant-lifetime";

/** What is said about a feature before a trial of it is granted. */
export type TrialStatus = {
  sentence: string;
  /** The live trial, which can only be extended. */
  live: { grant: string; until: Instant } | null;
};

/** `message` explains the current answer. `trials` are the feature's, ended ones included. `zone` is that of the dates. */
export function trialStatus(message: string, trials: readonly Grant[], now: Instant, zone: string): TrialStatus {
  const dateOf = (at: Instant) => zonedLongDate(at, zone);
  const inState = (state: "live" | "upcoming" | "ended") => trials.filter((t) => grantStateOf(t, now) === state);
  const [live] = inState("live");
  const until = live && endOf(live);
  if (live && until) return { sentence: `On trial until ${dateOf(until)}.`, live: { grant: live.id, until } };
  const next = Math.min(...inState("upcoming").map((t) => t.startsAt));
  if (Number.isFinite(next)) return { sentence: `${message} A trial starts on ${dateOf(next)}.`, live: null };
  const last = Math.max(...inState("ended").map((t) => endOf(t) ?? 0));
  return { sentence: Number.isFinite(last) ? `${message} A trial ended on ${dateOf(last)}.` : message, live: null };
}

/** The value of the next plan above the tenant's that has the feature, or of the lowest one that has it. */
export function suggestedValue(catalogue: Catalogue, { plan }: Pick<TenantFacts, "plan">, feature: string): Value | undefined {
  const offers = catalogue.offeredIn.get(feature) ?? [];
  const rankOf = (key: string) => catalogue.plans.get(key)?.rank ?? 0;
  const own = plan === null ? null : rankOf(plan);
  const next = offers.find((offer) => own !== null && offer.plan !== plan && rankOf(offer.plan) > own);
  return (next ?? offers[0])?.value;
}

type NamedFeature = { name: string; entitled: boolean };
const maxNamed = 4;

const namesIn = (features: readonly NamedFeature[]) =>
  listWordsUpTo(
    features.map(({ name }) => name),
    maxNamed,
  );

/** `from`: null means at once. */
type Period = { from: Instant | null; until: Instant };

/** "Acme has SSO until 13 Dec, 18:12 PST." */
export function trialSentence(
  tenant: string,
  features: readonly NamedFeature[],
  { from, until }: Period,
  { zone, now }: { zone: string; now: Instant },
): string {
  const written = (at: Instant) => zonedDateTime(at, zone, now);
  return `${tenant} has ${namesIn(features)} ${from === null ? "" : `from ${written(from)} `}until ${written(until)}.`;
}

/** What the tenant has of them now, as the sentence after `trialSentence`. */
export function hasNowSentence(features: readonly NamedFeature[]): string {
  const had = features.filter(({ entitled }) => entitled);
  if (features.length === 1) return had.length === 1 ? "It has it now already." : "It does not have it now.";
  if (had.length === 0) return "It has none of them now.";
  return had.length === features.length ? "It has all of them now already." : `It has ${namesIn(had)} now already, and not the others.`;
}
