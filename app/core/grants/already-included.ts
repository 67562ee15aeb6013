import type { Catalogue } from "~/core/catalogue/catalogue";
import { type Decision, decide } from "~/core/decision/decide";
import { effectOf } from "~/core/decision/preview";
import type { FlagReading, Instant, TenantFacts, Trial, Value } from "~/core/model";

/** A trial that gives nothing more, and the plan or add-on that includes its feature. */
export type Included = { feature: string; plan: string };

/** What a plan or an add-on gives. `value`: absent for boolean features. */
export type IncludedValue = { plan: string; value?: Value };

/** The answer if the tenant were active, with only these trials, and with a flag that neither gives nor denies. */
function answerWith(facts: TenantFacts, trials: Trial[], feature: string, catalogue: Catalogue, now: Instant): Decision {
  const rule = catalogue.features.get(feature)?.flag?.rule;
  const flag: FlagReading = { state: rule === "grant" ? "off" : "on" };
  return decide({ tenant: { ...facts, status: "active", grants: trials }, catalogue, feature, now, ...(rule ? { flag } : {}) });
}

function givenBy({ entitled, sources, amount, value }: Decision): IncludedValue | null {
  const winner = sources.find((source) => source.wins);
  if (!entitled || (winner?.source !== "plan" && winner?.source !== "add_on")) return null;
  const given = amount?.limit ?? value;
  return given === undefined ? { plan: winner.plan } : { plan: winner.plan, value: given };
}

/** What the tenant's plan or an add-on gives of a feature at an instant, or null. */
export const includedValue = (facts: TenantFacts, feature: string, catalogue: Catalogue, now: Instant): IncludedValue | null =>
  givenBy(answerWith(facts, [], feature, catalogue, now));

/** The trials that do not change the answer at their start, because a plan or an add-on gives at least as much. */
export function alreadyIncluded(facts: TenantFacts, trials: readonly Trial[], catalogue: Catalogue): Included[] {
  return trials.flatMap((trial) => {
    const { feature, startsAt } = trial;
    const before = answerWith(facts, [], feature, catalogue, startsAt);
    const given = givenBy(before);
    if (given === null || effectOf(before, answerWith(facts, [trial], feature, catalogue, startsAt)) !== null) return [];
    return [{ feature, plan: given.plan }];
  });
}

/** `gives`: the plan's value in words, or null for a boolean feature. */
export const includedSentence = (plan: string, gives: string | null): string =>
  gives === null
    ? `${plan} includes it already, so a trial changes nothing.`
    : `${plan} already gives ${gives}, so only a trial that gives more changes anything.`;
