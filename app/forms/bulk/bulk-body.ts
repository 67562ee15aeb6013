import { z } from "zod";
import { type BulkAct, type BulkSelection, bulkActs, maxBulkDays, maxBulkFeatures, maxBulkKeys } from "~/core/bulk/bulk-act";
import { tenantFilterBody, tenantFilterOf } from "~/forms/api-queries";
import { featureKey, planKey, tenantKey } from "~/forms/entity-keys";
import { railReason } from "~/forms/grants/grant";
import { jobId } from "~/forms/jobs/job-queries";
import { jsonValue, shortList } from "~/forms/json-value";
import { note } from "~/forms/tenants/tenant";
import { endedFilters } from "~/forms/trials/trial-filters";
import { demandDays } from "~/forms/usage/usage-ranges";

const wholeDays = `Days are a whole number from 1 to ${maxBulkDays.toLocaleString("en")}.`;
const days = z.int(wholeDays).min(1, wholeDays).max(maxBulkDays, wholeDays);
const tooManyFeatures = `Name up to ${maxBulkFeatures} features.`;
const trialFeatures = shortList(featureKey, { max: maxBulkFeatures }, tooManyFeatures)
  .optional()
  .describe("Only trials of these features; all trials if left out.");
const tooManyKeys = `Name 1 to ${maxBulkKeys.toLocaleString("en")} tenants; for more send a filter.`;

const tenants = z
  .strictObject({
    keys: shortList(tenantKey, { min: 1, max: maxBulkKeys }, tooManyKeys).optional(),
    filter: tenantFilterBody
      .optional()
      .describe("All that match while the job runs, as GET /api/tenants lists them. {} means all tenants."),
    trials: z
      .strictObject({
        state: z.enum(["live", "upcoming", "ended"], "A state is live, upcoming or ended."),
        endsWithin: z.literal([7, 14, 30], "Send 7, 14 or 30 days.").optional().describe("Days; only of live trials."),
        feature: featureKey.optional(),
        createdBy: z.string().min(1).max(200, "A name has up to 200 characters.").optional(),
        search: z.string().max(200, "A search has up to 200 characters.").optional().describe("Part of the tenant's name or key."),
        outcome: z
          .enum(endedFilters, `An outcome is one of ${endedFilters.join(", ")}.`)
          .optional()
          .describe("Only of ended trials."),
      })
      .optional()
      .describe("All that have such a trial while the job runs, as the page Trials lists them."),
    demand: z
      .strictObject({ feature: featureKey, days: z.literal([...demandDays], `Send ${demandDays.join(", ")} days.`) })
      .optional()
      .describe("All that were refused the feature in the last days."),
    job: z
      .strictObject({ id: jobId, state: z.enum(["failed", "skipped"], "A state is failed or skipped.") })
      .optional()
      .describe("Those that failed in another job, or were skipped."),
  })
  .refine(
    (sent) => Object.values(sent).filter((one) => one !== undefined).length === 1,
    "Send one of keys, filter, trials, demand and job.",
  );

const common = {
  tenants: tenants.describe("Which tenants: one of keys, filter, trials, demand and job."),
  note: note.nullish().describe("Why, for the audit log."),
  reason: railReason,
  dryRun: z.boolean("Send true or false.").default(false).describe("true: nothing is changed, and the results say what would."),
};
const body = <A extends string, S extends z.ZodRawShape>(act: A, shape: S) => z.strictObject({ act: z.literal(act), ...shape, ...common });

/** POST /api/bulk */
export const bulkBody = z.discriminatedUnion(
  "act",
  [
    body("grant_trial", {
      features: shortList(
        z.strictObject({ feature: featureKey, value: jsonValue.optional() }),
        { min: 1, max: maxBulkFeatures },
        tooManyFeatures,
      ).describe("A limit or value that is left out is that of the next plan above the tenant's."),
      days,
    }),
    body("grant_bundle", {
      plan: planKey.describe("A plan or an add-on: what it gives and the tenant does not have, as one trial."),
      days,
    }),
    body("extend_trial", { features: trialFeatures, days: days.describe("From the end that each trial has.") }),
    body("end_trial", { features: trialFeatures }),
    body("change_plan", { plan: planKey.nullable().describe("null removes the plan.") }),
    body("add_add_on", { addOn: planKey }),
    body("remove_add_on", { addOn: planKey }),
    body("suspend", {}),
    body("reinstate", {}),
    body("resync", {}),
  ],
  `An act is one of ${bulkActs.join(", ")}.`,
);
type BulkBody = z.output<typeof bulkBody>;

export function bulkActOf(sent: BulkBody): BulkAct {
  switch (sent.act) {
    case "grant_trial":
      return { act: sent.act, features: sent.features, days: sent.days };
    case "grant_bundle":
      return { act: sent.act, plan: sent.plan, days: sent.days };
    case "extend_trial":
      return { act: sent.act, features: sent.features ?? [], days: sent.days };
    case "end_trial":
      return { act: sent.act, features: sent.features ?? [] };
    case "change_plan":
      return { act: sent.act, plan: sent.plan };
    case "add_add_on":
    case "remove_add_on":
      return { act: sent.act, addOn: sent.addOn };
    case "suspend":
    case "reinstate":
      return { act: sent.act };
    case "resync":
      return { act: sent.act };
  }
}

export function bulkSelectionOf({ tenants: { keys, filter, trials, demand, job } }: BulkBody): BulkSelection {
  if (trials) {
    const { state, endsWithin, feature, createdBy: by, search: q, outcome } = trials;
    const tab = state !== "live" ? state : endsWithin === undefined ? "running" : "ending";
    const parts = { tab, within: endsWithin, feature, by, q, outcome };
    const query = Object.entries(parts).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
    return { kind: "trials", query: new URLSearchParams(query).toString() };
  }
  if (demand) return { kind: "demand", ...demand };
  if (filter) return { kind: "filter", filter: tenantFilterOf(filter) };
  if (job) return { kind: "job", job: job.id, state: job.state };
  return { kind: "keys", keys: keys ?? [] };
}
