import type { Catalogue } from "~/core/catalogue/catalogue";
import { applyChange, putTenant, type TenantChange, type TenantForm } from "~/core/decision/changes";
import { bundleName, skippedSentences } from "~/core/grants/bundle-words";
import { grantBundle } from "~/core/grants/bundles";
import { endGrant, extendGrant, grantTrial } from "~/core/grants/grant-changes";
import { isLive, isOver } from "~/core/grants/grant-lifetime";
import { suggestedValue } from "~/core/grants/trial-choice";
import type { Stamp, TenantFacts, Trial } from "~/core/model";
import type { Outcome } from "~/core/outcome";
import { type TrialBounds, withinRails } from "~/core/rails/within-rails";
import { listWords } from "~/core/text";
import { day, longDate } from "~/core/time";
import type { BulkAct } from "./bulk-act";

/**
 * The verdict on one tenant. `done`: it is eligible; `change` is null if nothing of the tenant itself changes, as for a
 * resync. `message` says what changes, or why it is skipped.
 */
export type BulkVerdict = { state: "done"; change: TenantChange | null; message: string } | { state: "skipped"; message: string };

const skip = (message: string): BulkVerdict => ({ state: "skipped", message });

/** `bounds`: null if no guard rail binds the actor. `reason` is given once for all tenants. */
export type BulkRails = { bounds: TrialBounds | null; reason: string | null };

/** Decides a bulk act for one tenant. A preview and the job both call it, so that they agree. */
export function bulkStep(
  facts: TenantFacts | null,
  act: BulkAct,
  note: string | null,
  catalogue: Catalogue,
  stamp: Stamp,
  { bounds, reason }: BulkRails = { bounds: null, reason: null },
): BulkVerdict {
  const verdict = stepWithoutRails(facts, act, note, catalogue, stamp);
  if (verdict.state === "skipped" || !verdict.change) return verdict;
  const outcome = withinRails({ ok: true, change: verdict.change }, bounds, reason, catalogue);
  if (!outcome.ok) return skip(outcome.message);
  const { change } = outcome;
  return change?.railsPassed ? { ...verdict, change, message: `${verdict.message} ${beyondRails(change.railsPassed)}` } : verdict;
}

const beyondRails = (passed: readonly string[]) => `Beyond the guard rail${passed.length === 1 ? "" : "s"} “${passed.join("”, “")}”.`;

function stepWithoutRails(facts: TenantFacts | null, act: BulkAct, note: string | null, catalogue: Catalogue, stamp: Stamp): BulkVerdict {
  if (!facts) return skip("There is no tenant with this key.");
  switch (act.act) {
    case "grant_trial":
      return grant(facts, act, note, catalogue, stamp);
    case "grant_bundle":
      return grantAll(facts, act, note, catalogue, stamp);
    case "extend_trial": {
      const trials = trialsOf(facts, act.features).filter((trial) => isLive(trial, stamp.now));
      const extend = (now: TenantFacts, { id }: Trial) => extendGrant(now, { grant: id, days: act.days, note }, stamp);
      const words = (trial: Trial, { endsAt } = trial) =>
        `${trialName(catalogue, trial, "Trial")}: ends on ${longDate(endsAt + act.days * day)} instead of ${longDate(endsAt)}.`;
      return changeEach(facts, trials, extend, words, noTrial(act.features, catalogue, "live "));
    }
    case "end_trial": {
      const trials = trialsOf(facts, act.features).filter((trial) => !isOver(trial, stamp.now));
      const words = (trial: Trial) => `Ends the ${trialName(catalogue, trial, "trial")}, which ran until ${longDate(trial.endsAt)}.`;
      return changeEach(facts, trials, (now, { id }) => endGrant(now, { grant: id, note }, stamp), words, noTrial(act.features, catalogue));
    }
    case "resync":
      return { state: "done", change: null, message: "Sent to PostHog again." };
    default:
      return putOne(facts, act, note, catalogue, stamp);
  }
}

const nameOf = ({ features }: Catalogue, key: string) => features.get(key)?.name ?? key;
/** "trial of SSO" or "bundle Ultimate", begun as `noun` is. */
function trialName(catalogue: Catalogue, { feature, bundle }: Trial, noun: "trial" | "Trial"): string {
  if (!bundle) return `${noun} of ${nameOf(catalogue, feature)}`;
  return `${noun === "trial" ? "bundle" : "Bundle"} ${planNameOf(catalogue, bundle.plan)}`;
}
const planNameOf = ({ plans }: Catalogue, key: string | null) => (key === null ? "no plan" : (plans.get(key)?.name ?? key));

const trialsOf = ({ grants }: TenantFacts, features: readonly string[]): Trial[] =>
  grants.filter((g): g is Trial => g.kind === "trial" && (features.length === 0 || features.includes(g.feature)));

function noTrial(features: readonly string[], catalogue: Catalogue, kind = ""): string {
  const names = features.map((key) => nameOf(catalogue, key));
  return names.length === 0 ? `Has no ${kind}trial.` : `Has no ${kind}trial of ${listWords(names, "or")}.`;
}

function grant(
  facts: TenantFacts,
  act: Extract<BulkAct, { act: "grant_trial" }>,
  note: string | null,
  catalogue: Catalogue,
  stamp: Stamp,
): BulkVerdict {
  const endsAt = stamp.now + act.days * day;
  const features = act.features.map(({ feature, value }) => ({ feature, value: value ?? suggestedValue(catalogue, facts, feature) }));
  const outcome = grantTrial(facts, { features, endsAt, note }, catalogue, stamp);
  if (!outcome.ok) return skip(outcome.message);
  const names = listWords(features.map(({ feature }) => nameOf(catalogue, feature)));
  const included = outcome.change?.alreadyIncluded ?? [];
  const had = listWords(included.map(({ feature }) => nameOf(catalogue, feature)));
  const already = included.length === 0 ? "" : ` Its plan or an add-on has ${had} already.`;
  return { state: "done", change: outcome.change, message: `Trial of ${names} until ${longDate(endsAt)}.${already}` };
}

/** Skipped features that a result names for each reason. */
const maxSkippedNamed = 5;

function grantAll(
  facts: TenantFacts,
  { plan, days }: Extract<BulkAct, { act: "grant_bundle" }>,
  note: string | null,
  catalogue: Catalogue,
  stamp: Stamp,
): BulkVerdict {
  const endsAt = stamp.now + days * day;
  const outcome = grantBundle(facts, { plan, endsAt, note }, catalogue, stamp);
  if (!outcome.ok) return skip(outcome.message);
  const { change } = outcome;
  const name = bundleName(catalogue, plan, change?.grants.length ?? 0);
  const leftOut = skippedSentences(catalogue, change?.skipped ?? [], maxSkippedNamed);
  return { state: "done", change, message: [`Gets ${name} until ${longDate(endsAt)}.`, ...leftOut].join(" ") };
}

/** Changes all of a tenant's trials, or none. A bundle is changed as a whole, with the first of its trials. */
function changeEach(
  facts: TenantFacts,
  trials: Trial[],
  changeOne: (now: TenantFacts, trial: Trial) => Outcome<TenantChange>,
  words: (trial: Trial) => string,
  none: string,
): BulkVerdict {
  const changes: TenantChange[] = [];
  const messages: string[] = [];
  let current = facts;
  for (const trial of trials) {
    if (!current.grants.some(({ id }) => id === trial.id)) continue;
    const outcome = changeOne(current, trial);
    if (!outcome.ok) return skip(outcome.message);
    if (!outcome.change) continue;
    current = applyChange(current, outcome.change, facts.revision);
    changes.push(outcome.change);
    messages.push(words(trial));
  }
  const [first] = changes;
  if (!first) return skip(none);
  // A later change has moved what an earlier one did.
  const set: TenantChange["set"] = Object.assign({}, ...changes.map((one) => one.set));
  if (set.scheduled !== undefined && set.scheduled.length < (facts.scheduled?.length ?? 0))
    messages.push("This cancels the coming change at its end.");
  const change = { ...first, set, grants: changes.flatMap(({ grants }) => grants) };
  return { state: "done", change, message: messages.join(" ") };
}

type PutAct = Exclude<BulkAct, { act: "grant_trial" | "grant_bundle" | "extend_trial" | "end_trial" | "resync" }>;

function putOne(facts: TenantFacts, act: PutAct, why: string | null, catalogue: Catalogue, stamp: Stamp): BulkVerdict {
  const held = facts.addOns.map(({ plan }) => plan);
  const put = (form: TenantForm, message: string, unchanged: string): BulkVerdict => {
    const outcome = putTenant(facts, facts.key, { ...form, why }, catalogue, stamp);
    if (!outcome.ok) return skip(outcome.message);
    return outcome.change ? { state: "done", change: outcome.change, message } : skip(unchanged);
  };
  switch (act.act) {
    case "change_plan": {
      const [before, after] = [planNameOf(catalogue, facts.plan), planNameOf(catalogue, act.plan)];
      const unchanged = act.plan === null ? "Has no plan." : `Is on ${after} already.`;
      return put({ plan: act.plan }, `Plan: ${before} → ${after}.`, unchanged);
    }
    case "add_add_on": {
      const name = planNameOf(catalogue, act.addOn);
      return put({ addOns: [...held, act.addOn] }, `Adds ${name}.`, `Has ${name} already.`);
    }
    case "remove_add_on": {
      const name = planNameOf(catalogue, act.addOn);
      return put({ addOns: held.filter((plan) => plan !== act.addOn) }, `Removes ${name}.`, `Does not have ${name}.`);
    }
    case "suspend":
      if (facts.status === "archived") return skip("Is archived.");
      return put({ status: "suspended" }, "Status: active → suspended.", "Is suspended already.");
    case "reinstate":
      return put({ status: "active" }, `Status: ${facts.status} → active.`, "Is active already.");
  }
}
