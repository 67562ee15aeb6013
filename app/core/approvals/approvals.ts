import type { BulkAct } from "~/core/bulk/bulk-act";
import type { TenantChange } from "~/core/decision/changes";
import { changeAfter } from "~/core/grants/plan-after";
import type { Grant, Instant, Trial } from "~/core/model";
import { type ActToApprove, refuse } from "~/core/outcome";
import type { ApiScope } from "~/core/permissions";
import { joinedPeriod, type TrialSpan } from "~/core/rails/guard-rails";
import type { RequestedAct } from "~/core/requests/request";
import { day } from "~/core/time";

/** Acts that need a second person, set by admins. Null or false: they do not. */
export type ApprovalRules = {
  /** Trials that last longer than so many days, extensions included. */
  trialDays: number | null;
  /** Overrides without an end, or with one so far away that it is none. */
  endlessOverrides: boolean;
  /** Acts on more than so many tenants at once. */
  bulkTenants: number | null;
  /** Changes of the catalogue that take something from more than so many tenants. */
  publicationTenants: number | null;
  /** API keys with the scope manage. */
  manageKeys: boolean;
};

export const noApprovals: ApprovalRules = {
  trialDays: null,
  endlessOverrides: false,
  bulkTenants: null,
  publicationTenants: null,
  manageKeys: false,
};

/** Whether a change of one tenant may need approval. */
export const hasTenantApprovals = ({ trialDays, endlessOverrides }: ApprovalRules): boolean => trialDays !== null || endlessOverrides;

const days = (n: number) => (n === 1 ? "1 day" : `${n.toLocaleString("en")} days`);

/** An override for longer than this counts as one without an end. */
const maxOverrideDays = 3_650;

const endlessOverride = "An override without an end, or for more than 10 years, needs a second person.";
const longTrial = (trialDays: number) => `A trial of more than ${days(trialDays)} needs a second person.`;

/** Why a second person has to approve the change, as a sentence, or null. `spans`: the tenant's trials before it. */
export function whyApproval(
  { action, grants, at }: Pick<TenantChange, "action" | "grants" | "at">,
  { trialDays, endlessOverrides }: ApprovalRules,
  spans: readonly TrialSpan[],
): string | null {
  const made = grants.filter(({ endedAt }) => endedAt === null);
  if ((action === "override.set" || action === "override.extended") && endlessOverrides && made.some((grant) => isEndless(grant, at)))
    return endlessOverride;
  if (trialDays === null || (action !== "trial.granted" && action !== "trial.extended")) return null;
  const lengthOf = (trial: Trial): number => {
    const startsAt = spans.find(({ grant }) => grant === trial.extends)?.from ?? trial.startsAt;
    const { from, until } = joinedPeriod(spans, trial.feature, { startsAt, endsAt: trial.endsAt }, trial.extends);
    return until - from;
  };
  return made.some((grant) => grant.kind === "trial" && lengthOf(grant) > trialDays * day) ? longTrial(trialDays) : null;
}

const isEndless = ({ endsAt }: Pick<Grant, "endsAt">, at: Instant) => endsAt === null || endsAt - at > maxOverrideDays * day;

/** Why a second person has to approve an act on so many tenants, or null. */
export function whyBulkApproval(act: BulkAct, tenants: number, rules: ApprovalRules): string | null {
  const { trialDays } = rules;
  if (trialDays !== null && "days" in act && act.days > trialDays) return longTrial(trialDays);
  return whyManyTenants(tenants, rules);
}

/** Why a second person has to approve a change of so many tenants, or null. */
export function whyManyTenants(tenants: number, { bulkTenants }: ApprovalRules): string | null {
  if (bulkTenants === null || tenants <= bulkTenants) return null;
  return `A change of more than ${bulkTenants === 1 ? "1 tenant" : `${bulkTenants.toLocaleString("en")} tenants`} needs a second person.`;
}

/** Why an import of tenants needs a second person, or null. `grants`: those of each tenant that it writes. */
export function whyImportApproval(tenants: readonly { grants: readonly Grant[] }[], rules: ApprovalRules, at: Instant): string | null {
  const { trialDays, endlessOverrides } = rules;
  const made = tenants.flatMap(({ grants }) => grants.filter(({ endedAt }) => endedAt === null));
  if (endlessOverrides && made.some((grant) => grant.kind === "override" && isEndless(grant, at))) return endlessOverride;
  const isLong = (grant: Grant) => grant.kind === "trial" && trialDays !== null && grant.endsAt - grant.startsAt > trialDays * day;
  if (trialDays !== null && made.some(isLong)) return longTrial(trialDays);
  return whyManyTenants(tenants.length, rules);
}

/** Why a change of the catalogue that takes something from up to so many tenants needs a second person, or null. */
export function whyPublicationApproval(tenants: number, { publicationTenants }: ApprovalRules): string | null {
  if (publicationTenants === null || tenants <= publicationTenants) return null;
  const n = (count: number) => (count === 1 ? "1 tenant" : `${count.toLocaleString("en")} tenants`);
  return `This takes something from up to ${n(tenants)}, and beyond ${n(publicationTenants)} it needs a second person. Make the change in a draft of the plans, which someone else then publishes.`;
}

/** Why a second person has to approve that a person gets an API key with these scopes, or null. */
export const whyKeyApproval = (scopes: readonly ApiScope[], { manageKeys }: ApprovalRules): string | null =>
  manageKeys && scopes.includes("manage") ? "An API key with the scope manage needs a second person." : null;

/** The refusal of an act that is kept as a request: what to do once it is approved. */
export const needsApproval = (why: string, held: ActToApprove | null) => ({
  ...refuse("needs_approval", why),
  ...(held === null ? {} : { held }),
});

/** What a change does, as data that can be done later. Null for one that never needs approval. */
export function actOfChange({ action, set, grants, at }: Pick<TenantChange, "action" | "set" | "grants" | "at">): RequestedAct | null {
  const made = grants.filter(({ endedAt }) => endedAt === null);
  const [first] = made;
  if (!first) return null;
  const { feature } = first;
  if (action === "trial.extended" || action === "override.extended")
    return { act: "extend_trial", kind: first.kind, grant: first.extends as string, feature, endsAt: first.endsAt as Instant };
  if (action === "override.set" && first.kind === "override") {
    const { effect, startsAt, endsAt } = first;
    const value = first.effect === "allow" ? { value: first.value } : {};
    return { act: "set_override", feature, effect, ...value, startsAt: startsAt > at ? startsAt : null, endsAt };
  }
  if (action !== "trial.granted") return null;
  const features = made.flatMap((grant) => (grant.kind === "trial" ? [{ feature: grant.feature, value: grant.value }] : []));
  const bundle = first.kind === "trial" && first.bundle ? { bundle: first.bundle.plan } : {};
  const planAfter = changeAfter(set.scheduled, made)?.plan;
  const part = planAfter == null ? bundle : { ...bundle, planAfter };
  const [startsAt, endsAt] = [first.startsAt, first.endsAt as Instant];
  const length = (endsAt - at) / day;
  // A trial from now on begins when it is approved.
  if (startsAt === at && Number.isInteger(length))
    return { act: "grant_trial", features, ...part, days: length, startsAt: null, endsAt: null };
  return { act: "grant_trial", features, ...part, days: null, startsAt: startsAt > at ? startsAt : null, endsAt };
}
