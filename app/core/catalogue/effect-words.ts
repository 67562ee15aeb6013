import type { Impact } from "~/core/impact/catalogue-difference";
import type { CountsChoice, ResetPeriod } from "~/core/model";

/** A number of tenants; `isLowerBound`: counting stopped early, so it is "at least". */
export type TenantCount = { tenants: number; isLowerBound: boolean };

/** The effects of a change of the catalogue on tenants. */
export type ChangeEffects = {
  /** `isApproximate`: some tenants were counted by their plan alone, so each number is "about". */
  impact: Impact & { isApproximate: boolean };
  /** Tenants that have used more than a limit that falls will allow. Null if no limit falls. */
  over: TenantCount | null;
  /** Tenants that checked one of the features in the last 30 days, by name or among all. Null if no feature is affected. */
  use: { byName: TenantCount; withAll: TenantCount } | null;
  /** Features whose reset period changes, with the tenants that have used some in their present period. */
  resets: (TenantCount & { name: string; before: ResetPeriod; after: ResetPeriod; counts: CountsChoice })[];
  /** Features whose reset period changes and that were not counted. */
  moreResets: number;
  /** A concerned feature is linked to a PostHog flag. */
  usesFlags: boolean;
};

const isOne = ({ tenants }: TenantCount) => tenants === 1;

export const tenantsWords = (count: TenantCount) =>
  `${count.isLowerBound ? "at least " : ""}${count.tenants.toLocaleString("en")} ${isOne(count) ? "tenant" : "tenants"}`;

const isNone = ({ tenants, isLowerBound }: TenantCount) => tenants === 0 && !isLowerBound;

/** Everything but gains, losses and changes, as sentences. `noun`: the feature or features that the change is about. */
export function effectNotes({ over, use, resets, moreResets, usesFlags }: ChangeEffects, noun = "one of these features"): string[] {
  const notes = resets.map((reset) => {
    const whom = isNone(reset)
      ? "No tenant has used any in its current period"
      : `${capital(tenantsWords(reset))} used some in the current period`;
    const change = `${reset.name} will reset per ${periodWords[reset.after]} instead of per ${periodWords[reset.before]}`;
    const then = reset.counts === "zero" ? "so its usage starts again at 0" : "and each tenant keeps what it used in its current period";
    return `${change}, ${then}. ${whom}.`;
  });
  if (over && !isNone(over)) notes.unshift(`${capital(tenantsWords(over))} ${isOne(over) ? "has" : "have"} used more than the new limit.`);
  if (moreResets > 0)
    notes.push(
      `The reset period of ${moreResets.toLocaleString("en")} more ${moreResets === 1 ? "feature" : "features"} changes, and usage starts again at 0.`,
    );
  if (use) notes.push(checkedWords(use, noun));
  if (usesFlags)
    notes.push(
      "Flags count with the last value that PostHog gave. For a tenant without one, the feature's setting for a missing answer counts.",
    );
  return notes;
}

const periodWords: { [period in ResetPeriod]: string } = {
  hour: "hour",
  day: "day",
  week: "week",
  month: "month",
  year: "year",
  never: "lifetime",
};

function checkedWords({ byName, withAll }: NonNullable<ChangeEffects["use"]>, noun: string): string {
  if (isNone(byName) && isNone(withAll)) return `No tenant was checked for ${noun} in the last 30 days.`;
  const all = isNone(withAll) ? "" : `, and ${tenantsWords(withAll)} for all features at once`;
  return `In the last 30 days ${isNone(byName) ? "no tenant was" : `${tenantsWords(byName)} ${isOne(byName) ? "was" : "were"}`} checked for ${noun} by name${all}.`;
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** Gains, losses and changes as one sentence, for a terminal. */
export function impactSentence({ gains, loses, changes, isApproximate }: ChangeEffects["impact"]): string {
  const of = (tenants: number) => `${isApproximate ? "about " : ""}${tenantsWords({ tenants, isLowerBound: false })}`;
  return `Gain a feature: ${of(gains)}. Lose one: ${of(loses)}. Get another value or limit: ${of(changes)}.`;
}

/** True if an editor should see the effects before the change is saved. */
export function isWorthShowing({ impact, resets, moreResets, usesFlags }: ChangeEffects): boolean {
  const { isApproximate, gains, loses, changes } = impact;
  return usesFlags || isApproximate || gains + loses + changes > 0 || moreResets > 0 || resets.some((reset) => !isNone(reset));
}
