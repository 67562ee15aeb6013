import { z } from "zod";
import { type BulkAct, type BulkSelection, bulkActs, maxBulkDays, maxBulkFeatures, maxBulkKeys } from "~/core/bulk/bulk-act";
import { featureKey, planKey, tenantKey } from "~/forms/entity-keys";
import { note } from "~/forms/tenants/tenant";
import { bulkLists, selectionOfList } from "./bulk-list";

const wholeDays = `Give whole days from 1 to ${maxBulkDays.toLocaleString("en")}.`;

/** Keys that are ticked, typed or both, separated by spaces, commas or lines. */
const features = z.preprocess(
  (sent) => [
    ...new Set(
      [sent ?? []]
        .flat()
        .flatMap((text) => String(text).split(/[\s,]+/))
        .filter(Boolean),
    ),
  ],
  z.array(featureKey).max(maxBulkFeatures, `Name up to ${maxBulkFeatures} features.`),
);

/** The form of a bulk act. Fields of other acts are sent, too, and ignored. */
export const bulkForm = z
  .object({
    act: z.enum(bulkActs, "Choose what to do."),
    /** Not `keys`: all that match `query`, the parameters of a list. */
    from: z.enum(["keys", ...bulkLists]).default("keys"),
    query: z.string().max(4_000).default(""),
    keys: z
      .string()
      .default("")
      .transform((text) => [...new Set(text.split(/\r?\n/).filter((line) => line.trim() !== ""))]),
    features,
    days: z.coerce.number(wholeDays).optional(),
    plan: planKey.or(z.literal("-")).optional(),
    addOn: planKey.optional(),
    /** The plan or add-on whose bundle is granted. */
    bundle: planKey.optional(),
    note: note.optional(),
  })
  .superRefine((form, ctx) => {
    const refuse = (field: string, message: string) => ctx.addIssue({ code: "custom", path: [field], message });
    const { act, from, keys, days } = form;
    if (from === "keys") {
      if (keys.length === 0) refuse("keys", "Name at least one tenant.");
      else if (keys.length > maxBulkKeys) refuse("keys", `Name up to ${maxBulkKeys.toLocaleString("en")} tenants.`);
      else if (keys.some((key) => !tenantKey.safeParse(key).success))
        refuse("keys", "Each line is a tenant's key of up to 200 characters.");
    }
    if (act === "grant_trial" && form.features.length === 0) refuse("features", "Choose at least one feature.");
    if (act === "grant_bundle" && form.bundle === undefined) refuse("bundle", "Choose a plan.");
    if (act === "grant_trial" || act === "grant_bundle" || act === "extend_trial") {
      if (days === undefined || !Number.isInteger(days) || days < 1 || days > maxBulkDays) refuse("days", wholeDays);
    }
    if (act === "change_plan" && form.plan === undefined) refuse("plan", "Choose a plan.");
    if ((act === "add_add_on" || act === "remove_add_on") && form.addOn === undefined) refuse("addOn", "Choose an add-on.");
  });
type BulkForm = z.output<typeof bulkForm>;

/** Only for a form without errors. */
export function bulkActOfForm({ act, features, days = 0, plan, addOn = "", bundle = "" }: BulkForm): BulkAct {
  switch (act) {
    case "grant_trial":
      return { act, features: features.map((feature) => ({ feature })), days };
    case "grant_bundle":
      return { act, plan: bundle, days };
    case "extend_trial":
      return { act, features, days };
    case "end_trial":
      return { act, features };
    case "change_plan":
      return { act, plan: plan === "-" || plan === undefined ? null : plan };
    case "add_add_on":
    case "remove_add_on":
      return { act, addOn };
    case "suspend":
    case "reinstate":
      return { act };
    case "resync":
      return { act };
  }
}

export function bulkSelectionOfForm({ from, keys, query }: BulkForm): BulkSelection {
  return from === "keys" ? { kind: "keys", keys } : selectionOfList(from, query);
}

/** Tenants that were ticked in a list. */
export const pickedTenants = z.object({
  intent: z.literal("pick"),
  tenant: z.preprocess((sent) => [sent ?? []].flat(), z.array(z.string()).max(200)),
  /** What the list is about. */
  act: z.enum(bulkActs).optional().catch(undefined),
  features: featureKey.optional().catch(undefined),
});
