import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Value } from "~/core/model";
import type { Act } from "~/core/permissions";
import type { TenantFilter } from "~/core/tenants/tenant-filter";
import { listWordsUpTo } from "~/core/text";

export const bulkActs = [
  "grant_trial",
  "grant_bundle",
  "extend_trial",
  "end_trial",
  "change_plan",
  "add_add_on",
  "remove_add_on",
  "suspend",
  "reinstate",
  "resync",
] as const;
export type BulkActId = (typeof bulkActs)[number];

/** What is done to each tenant. Plain data, so that it can be stored with its job. */
export type BulkAct =
  /** A value that is left out is that of the next plan above the tenant's. */
  | { act: "grant_trial"; features: { feature: string; value?: Value }[]; days: number }
  /** All that the plan or add-on gives when the job runs, as one trial. */
  | { act: "grant_bundle"; plan: string; days: number }
  /** Live trials of these features, or all if there are none. */
  | { act: "extend_trial"; features: string[]; days: number }
  /** Live and upcoming trials of these features, or all if there are none. */
  | { act: "end_trial"; features: string[] }
  /** Null for no plan. */
  | { act: "change_plan"; plan: string | null }
  | { act: "add_add_on" | "remove_add_on"; addOn: string }
  | { act: "suspend" | "reinstate" }
  | { act: "resync" };

/** The tenants: named by key, all of a list that match, or those of another job. */
export type BulkSelection =
  | { kind: "keys"; keys: string[] }
  | { kind: "filter"; filter: TenantFilter }
  /** Tenants with a trial in the list of trials. `query`: the list's parameters, as in its address. */
  | { kind: "trials"; query: string }
  /** Tenants that were refused a feature in the last days. */
  | { kind: "demand"; feature: string; days: number }
  | { kind: "job"; job: string; state: "failed" | "skipped" };

export const isAllTenants = (selection: BulkSelection): boolean =>
  selection.kind === "filter" && Object.keys(selection.filter).length === 0;

/** A bulk job's parameters. The keys of a selection are stored apart. */
export type BulkParams = {
  act: BulkAct;
  from: Exclude<BulkSelection, { kind: "keys" }> | { kind: "keys" };
  /** Why guard rails may be passed, given once for all tenants. Absent if no reason was given. */
  reason?: string;
  /** True if a second person approved it. */
  isApproved?: boolean;
  /** Of a preview: the request that it shows. */
  request?: string;
};

/** Max tenants that are named by key. */
export const maxBulkKeys = 5_000;
export const maxBulkFeatures = 20;
export const maxBulkDays = 3_650;

const rights: { [A in BulkActId]: Act } = {
  grant_trial: "trials.grant",
  grant_bundle: "trials.grant",
  extend_trial: "trials.extend",
  end_trial: "trials.end",
  change_plan: "tenants.change",
  add_add_on: "tenants.change",
  remove_add_on: "tenants.change",
  suspend: "tenants.change",
  reinstate: "tenants.change",
  resync: "posthog.change",
};
/** The right that it needs. */
export const rightOfBulk = (act: BulkActId): Act => rights[act];

/** True if tenants gain and lose features by it that plans give. */
export const changesPlans = ({ act }: BulkAct): boolean => ["change_plan", "add_add_on", "remove_add_on"].includes(act);

const days = (n: number) => `${n} ${n === 1 ? "day" : "days"}`;
const maxNamed = 3;

/** "Grant a trial of SSO for 14 days". Names are the catalogue's, or the keys of what is gone. */
export function describeBulkAct(act: BulkAct, catalogue: Pick<Catalogue, "plans" | "features">): string {
  const planName = (key: string) => catalogue.plans.get(key)?.name ?? key;
  const featureName = (key: string) => catalogue.features.get(key)?.name ?? key;
  const featureNames = (keys: readonly string[]) => listWordsUpTo(keys.map(featureName), maxNamed);
  const trials = (features: readonly string[]) => (features.length === 0 ? "all trials" : `trials of ${featureNames(features)}`);
  switch (act.act) {
    case "grant_trial":
      return `Grant a trial of ${featureNames(act.features.map(({ feature }) => feature))} for ${days(act.days)}`;
    case "grant_bundle":
      return `Grant the bundle ${planName(act.plan)} for ${days(act.days)}`;
    case "extend_trial":
      return `Extend ${trials(act.features)} by ${days(act.days)}`;
    case "end_trial":
      return `End ${trials(act.features)}`;
    case "change_plan":
      return act.plan === null ? "Remove the plan" : `Change the plan to ${planName(act.plan)}`;
    case "add_add_on":
      return `Add the add-on ${planName(act.addOn)}`;
    case "remove_add_on":
      return `Remove the add-on ${planName(act.addOn)}`;
    case "suspend":
      return "Suspend";
    case "reinstate":
      return "Reinstate";
    case "resync":
      return "Send to PostHog again";
  }
}
