import { z } from "zod";
import { featureKey, planKey } from "~/forms/entity-keys";
import { isoInstant } from "~/forms/instants";
import { jsonValue, shortList } from "~/forms/json-value";
import { note } from "~/forms/tenants/tenant";

export const grantId = z.string().regex(/^gr_[A-Za-z0-9]{1,60}$/, "That is not a grant's id.");

/** Days of 24 hours from the start. */
export const trialDays = z
  .int("Days are a whole number.")
  .min(1, "A trial has at least one day.")
  .max(3_650, "A trial has up to 3,650 days.");

/** For the audit log. */
export const railReason = note.nullish().describe("Why the trial passes a guard rail. Needed only if it does.");

const whenItEnds = z
  .strictObject({ plan: planKey.describe("A plan, not an add-on.") })
  .nullish()
  .describe("Schedules a move of the tenant to this plan at the end of the trial, which it follows.");

const features = shortList(
  z.strictObject({ feature: featureKey, value: jsonValue.optional() }),
  { min: 1, max: 100 },
  "Grant up to 100 features at once.",
);

const trialBody = z
  .strictObject({
    kind: z.literal("trial"),
    feature: featureKey.optional(),
    value: jsonValue.optional(),
    features: features.optional(),
    startsAt: isoInstant.optional(),
    endsAt: isoInstant.optional(),
    days: trialDays.optional(),
    note: note.nullish(),
    whenItEnds,
    reason: railReason,
  })
  .refine((b) => (b.feature === undefined) !== (b.features === undefined), {
    path: ["feature"],
    error: "Name one feature, or a list of features.",
  })
  .refine((b) => b.features === undefined || b.value === undefined, { path: ["value"], error: "In a list each feature has its own value." })
  .refine((b) => (b.endsAt === undefined) !== (b.days === undefined), {
    path: ["endsAt"],
    error: "A trial always has an end: give endsAt or days.",
  });

const overrideBody = z.strictObject({
  kind: z.literal("override"),
  feature: featureKey,
  effect: z.enum(["allow", "deny"]),
  value: jsonValue.optional(),
  startsAt: isoInstant.optional(),
  endsAt: isoInstant.nullish(),
  note: note.nullish(),
});

/** POST /api/tenants/{key}/grants */
export const grantBody = z.discriminatedUnion("kind", [trialBody, overrideBody], 'A grant\'s kind is "trial" or "override".');
export type GrantBody = z.infer<typeof grantBody>;

/** POST /api/grants/{id}/end */
export const endGrantBody = z.strictObject({ note: note.nullish() });

/** POST /api/grants/{id}/convert */
export const convertGrantBody = z.strictObject({
  plan: planKey.optional().describe("Defaults to the lowest plan above the tenant's that gives the feature, or the lowest of all."),
  note: note.nullish(),
});

/** POST /api/tenants/{key}/bundles */
export const bundleBody = z
  .strictObject({
    plan: planKey.describe("A plan or an add-on, whose features are granted as of now."),
    startsAt: isoInstant.optional(),
    endsAt: isoInstant.optional(),
    days: trialDays.optional(),
    note: note.nullish(),
    whenItEnds,
    reason: railReason,
  })
  .refine((b) => (b.endsAt === undefined) !== (b.days === undefined), {
    path: ["endsAt"],
    error: "A bundle always has an end: give endsAt or days.",
  });
