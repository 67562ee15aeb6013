import { describeValue } from "~/core/catalogue/catalogue-words";
import { shortChoices } from "~/core/catalogue/choices";
import type { TenantChange } from "~/core/decision/changes";
import { bundleName, planAfterSentences, skippedSentences } from "~/core/grants/bundle-words";
import { grantBundle } from "~/core/grants/bundles";
import { withPlanAfter } from "~/core/grants/plan-after";
import { trialSentence } from "~/core/grants/trial-choice";
import { presetLengths } from "~/core/grants/trial-presets";
import type { Trial, Value } from "~/core/model";
import type { Outcome } from "~/core/outcome";
import { allowed, type RailFacts, type RailVerdict } from "~/core/rails/guard-rails";
import { railedActs } from "~/core/rails/within-rails";
import { listWordsUpTo } from "~/core/text";
import { bundleQuery } from "~/forms/grants/grant-page";
import { trialLengths } from "~/forms/grants/trial-lengths";
import { actorOf } from "~/server/admins/sessions.server";
import type { Services } from "~/server/services.server";
import type { TenantRequest } from "~/server/tenants/tenants.server";
import { periodOfForm, type TrialPeriodInput } from "./grant-changes.server";

/** Features that a sentence of the preview names. */
const maxNamed = 60;

type BundleInput = TrialPeriodInput & { plan: string; planAfter?: string };

/** What a grant of all that a plan gives would do now. */
export type BundlePreview =
  | { problem: string }
  | { problem: null; sentence: string; gets: string; leftOut: string[]; verdict: RailVerdict | null };

/** The change that would grant the bundle now. Nothing is written. */
export function plannedBundle(
  services: Services,
  tenant: TenantRequest,
  { plan, planAfter, ...period }: BundleInput,
): Outcome<TenantChange> {
  const { facts, catalogue, now, admin } = tenant;
  const stamp = { now, actor: actorOf(admin), newId: services.newId };
  const granted = grantBundle(facts, { plan, ...periodOfForm(period, now) }, catalogue, stamp);
  return withPlanAfter(granted, facts, planAfter, catalogue, stamp);
}

/** What the change grants, with the values. */
export const trialsIn = (change: TenantChange | null): { feature: string; value: Value }[] =>
  ((change?.grants ?? []) as Trial[]).map(({ feature, value }) => ({ feature, value }));

/** Plans and add-ons that may be given as a bundle, or null if there are too many to list. */
export const bundlePlans = ({ catalogue }: TenantRequest) =>
  shortChoices(
    [...catalogue.plans.values()]
      .filter(({ archivedAt }) => archivedAt === null)
      .map(({ key, name, kind }) => ({ key, name: kind === "base" ? name : `${name} (add-on)` })),
  );

/** Plans that the tenant may move to when a trial ends, or null if there are too many to list. */
export const plansAfter = ({ catalogue }: TenantRequest) =>
  shortChoices([...catalogue.plans.values()].filter(({ kind, archivedAt }) => kind === "base" && archivedAt === null));

/** What the address fills in, as typed. */
export function firstEntries(query: URLSearchParams) {
  const text = (name: string, max: number) => (query.get(name) ?? "").slice(0, max);
  const days = presetLengths.find((length) => length === query.get("days")) ?? "14";
  return {
    what: query.get("what") === "plan" ? "plan" : "features",
    plan: text("plan", 100),
    length: trialLengths.find((length) => length === query.get("length")) ?? days,
    startsAt: text("startsAt", 30),
    endsAt: text("endsAt", 30),
    zone: text("zone", 64),
    note: text("note", 1_000),
    whenItEnds: query.get("whenItEnds") === "plan" ? "plan" : "nothing",
    planAfter: text("planAfter", 100),
  };
}

/** The preview of what was entered, or null if it names no plan and period. `rails`: null without guard rails. */
export function bundleOf(
  services: Services,
  tenant: TenantRequest,
  entered: { [field: string]: unknown },
  rails: RailFacts | null,
): BundlePreview | null {
  const filled = Object.fromEntries(Object.entries(entered).filter(([, value]) => value !== ""));
  const form = bundleQuery.safeParse(filled);
  if (!form.success) return null;
  const { whenItEnds, planAfter, ...input } = form.data;
  return previewOf(services, tenant, whenItEnds === "plan" ? { ...input, planAfter } : input, rails);
}

function previewOf(services: Services, tenant: TenantRequest, form: BundleInput, rails: RailFacts | null): BundlePreview {
  const { facts, catalogue, now, zone } = tenant;
  const outcome = plannedBundle(services, tenant, form);
  if (!outcome.ok) return { problem: outcome.message };
  const change = outcome.change as TenantChange;
  const trials = change.grants as Trial[];
  const { startsAt, endsAt } = trials[0] as Trial;
  const period = { from: startsAt > now ? startsAt : null, until: endsAt };
  const named = trials.map(({ feature: key, value }) => {
    const feature = catalogue.features.get(key);
    const gives = feature?.type === "boolean" ? "" : ` (${describeValue(feature, value)})`;
    return `${feature?.name ?? key}${gives}`;
  });
  const [act] = railedActs(change, catalogue);
  return {
    problem: null,
    sentence: trialSentence(facts.name, [{ name: bundleName(catalogue, form.plan, trials.length), entitled: false }], period, {
      zone,
      now,
    }),
    gets: [`It gets ${listWordsUpTo(named, maxNamed)}.`, ...planAfterSentences(catalogue, change)].join(" "),
    leftOut: skippedSentences(catalogue, change.skipped ?? [], maxNamed),
    verdict: rails && act ? allowed(act, rails.role, rails.rules, rails.spans) : null,
  };
}
