import { describeValue } from "~/core/catalogue/catalogue-words";
import { includedSentence, includedValue } from "~/core/grants/already-included";
import { bundleName, planAfterSentences, skippedSentences } from "~/core/grants/bundle-words";
import { suggestedValue, trialSentence, trialStatus } from "~/core/grants/trial-choice";
import type { Feature, Grant, Trial } from "~/core/model";
import { foldText } from "~/core/plain-text";
import { listWords } from "~/core/text";
import { day, isoDay } from "~/core/time";
import { writeValue } from "~/forms/catalogue/feature-value";
import type { Services } from "~/server/services.server";
import type { TenantRequest } from "~/server/tenants/tenants.server";
import { refusedFeatures } from "~db/store/check-counts.server";
import { grantOf, grantsOfTenant } from "~db/store/grants.server";
import { choicesOf, type GrantsChanged, grantableFeatures } from "./grant-changes.server";

/** Features that the panel lists below the refused ones. */
const maxChoices = 60;
const maxRefused = 10;
const refusedDays = 30;
/** Skipped features that the toast names for each reason. */
const maxSkippedNamed = 3;

/**
 * What the panel for granting trials shows: the `chosen` features, then those that checks were refused lately, then
 * matches up to a bound. `left` counts further matches.
 */
export async function trialPanel(services: Services, tenant: TenantRequest, search: string, chosen: readonly string[]) {
  const { facts, catalogue, now, zone } = tenant;
  const { db } = services;
  const inUse = grantableFeatures(tenant);
  const words = foldText(search).trim();
  const since = isoDay(now - (refusedDays - 1) * day);
  // Some of the most refused ones may be archived, or granted by now.
  const counts = new Map((await refusedFeatures(db.readAside, db.tables, facts.key, since, 100)).map((r) => [r.feature, r.count]));
  const isChosen = (f: Feature) => chosen.includes(f.key);
  const matching = inUse.filter((f) => !isChosen(f) && foldText(`${f.name}\n${f.key}\n${f.group ?? ""}`).includes(words));
  const byCount = (a: Feature, b: Feature) => (counts.get(b.key) ?? 0) - (counts.get(a.key) ?? 0);
  const asked = choicesOf(tenant, matching.filter((f) => counts.has(f.key)).sort(byCount)).filter((c) => !c.entitled);
  const refused = asked.slice(0, maxRefused).map((c) => c.key);
  const others = matching.filter((f) => !refused.includes(f.key));
  const first = [...inUse.filter(isChosen), ...refused.flatMap((key) => catalogue.features.get(key) ?? [])];
  const trials = await trialsByFeature(services, tenant);
  const choices = choicesOf(tenant, [...first, ...others.slice(0, maxChoices)]).map((choice) => {
    const value = choice.kind.type === "boolean" ? undefined : suggestedValue(catalogue, facts, choice.key);
    const included = includedValue(facts, choice.key, catalogue, now);
    const gives = included?.value === undefined ? null : describeValue(catalogue.features.get(choice.key), included.value);
    return {
      ...choice,
      included: included && includedSentence(catalogue.plans.get(included.plan)?.name ?? included.plan, gives),
      ...trialStatus(choice.message, trials.get(choice.key) ?? [], now, zone),
      refused: refused.includes(choice.key) ? (counts.get(choice.key) ?? 0) : 0,
      value: value === undefined ? null : writeValue(choice.kind, value),
    };
  });
  return { choices, left: Math.max(0, others.length - maxChoices), total: inUse.length };
}
export type TrialPanelChoice = Awaited<ReturnType<typeof trialPanel>>["choices"][number];

/** Unended trials are in the facts; ended ones are the latest 500 rows. */
async function trialsByFeature({ db }: Services, { facts }: TenantRequest): Promise<Map<string, Grant[]>> {
  const rows = (await grantsOfTenant(db.readAside, db.tables, facts.key)).map(grantOf);
  const known = new Map([...rows, ...facts.grants].map((grant) => [grant.id, grant]));
  const trials = new Map<string, Grant[]>();
  for (const grant of known.values()) if (grant.kind === "trial") trials.set(grant.feature, [...(trials.get(grant.feature) ?? []), grant]);
  return trials;
}

/** The toast's sentence: what was granted. */
export function grantedSentence({ facts, catalogue, zone, now }: TenantRequest, { change }: GrantsChanged & { ok: true }): string {
  const trials = (change?.grants ?? []) as Trial[];
  const [first] = trials;
  if (!change || !first) return "Nothing was granted.";
  const names = first.bundle
    ? [{ name: bundleName(catalogue, first.bundle.plan, trials.length), entitled: false }]
    : trials.map(({ feature }) => ({ name: catalogue.features.get(feature)?.name ?? feature, entitled: false }));
  const period = { from: first.startsAt > change.at ? first.startsAt : null, until: first.endsAt };
  const included = (change.alreadyIncluded ?? []).map(({ feature }) => catalogue.features.get(feature)?.name ?? feature);
  const already = included.length === 0 ? "" : ` Its plan or an add-on gives as much of ${listWords(included)} already.`;
  const leftOut = skippedSentences(catalogue, change.skipped ?? [], maxSkippedNamed);
  return [
    `${trialSentence(facts.name, names, period, { zone, now })}${already}`,
    ...leftOut,
    ...planAfterSentences(catalogue, change),
  ].join(" ");
}
