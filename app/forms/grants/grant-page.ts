import { z } from "zod";
import { featureKey, featureKeyRefused, planKey } from "~/forms/entity-keys";
import { formZone, inZone, localTime } from "~/forms/instants";
import { note } from "~/forms/tenants/tenant";
import { expectedRevision } from "~/forms/tenants/tenant-page";
import { trialLengths } from "./trial-lengths";

/** The typed value of each feature that has one, by `nameOfKey`. */
export const typedValues = z.record(z.string(), z.string().max(10_000, "That is too long.")).optional();

/** Someone else decides it. */
const ask = { intent: z.literal("ask").optional() };

const trialPeriod = { length: z.enum(trialLengths, "Choose how long."), startsAt: localTime, endsAt: localTime, zone: formZone };
/** Of the tenant, at the end of the trials. Without JavaScript the plan is sent with "nothing" too. */
const afterwards = { whenItEnds: z.enum(["nothing", "plan"], "Choose what happens.").optional(), planAfter: planKey.optional() };
const noEnd = { path: ["endsAt"], error: "A trial always has an end: choose it." };

export const grantTrialSchema = z
  .object({
    /** Features one by one by default. `plan`: all that the plan gives and the tenant does not have. */
    what: z.enum(["features", "plan"], "Choose features or a plan.").optional(),
    feature: z
      .array(z.string())
      .max(100, "Grant up to 100 features at once.")
      .refine((keys) => keys.every((key) => featureKey.safeParse(key).success), featureKeyRefused),
    plan: planKey.optional(),
    ...trialPeriod,
    values: typedValues,
    note: note.optional(),
    ...afterwards,
    /** The page to return to; "" for the result on the page of the grants. */
    returnTo: z.string().max(2_000).optional(),
    ...ask,
  })
  .refine((f) => f.what === "plan" || f.feature.length > 0, { path: ["feature"], error: "Choose at least one feature." })
  .refine((f) => f.what !== "plan" || f.plan !== undefined, { path: ["plan"], error: "Choose a plan." })
  .refine((f) => f.whenItEnds !== "plan" || f.planAfter !== undefined, { path: ["planAfter"], error: "Choose the plan to move to." })
  .transform(inZone("startsAt", "endsAt"))
  .refine((f) => f.length !== "own" || f.endsAt !== undefined, noEnd);
export type GrantTrialInput = z.infer<typeof grantTrialSchema>;

/** The part of that form that a preview of a bundle reads from the address. */
export const bundleQuery = z
  .object({ what: z.literal("plan"), plan: planKey, ...trialPeriod, ...afterwards })
  .transform(inZone("startsAt", "endsAt"))
  .refine((f) => f.length !== "own" || f.endsAt !== undefined, noEnd);

export const endGrantSchema = z.object({ note: note.optional(), ...ask });

/** `expected`: the tenant's revision that the preview showed. */
export const convertTrialSchema = z.object({
  plan: z.string("Choose a plan.").pipe(planKey),
  expected: expectedRevision,
  note: note.optional(),
});

/** Days count from the grant's current end. */
export const extendGrantSchema = z
  .object({
    length: z.enum(trialLengths, "Choose how long."),
    endsAt: localTime,
    zone: formZone,
    note: note.optional(),
    ...ask,
  })
  .transform(inZone("endsAt"))
  .refine((f) => f.length !== "own" || f.endsAt !== undefined, { path: ["endsAt"], error: "Choose the new end." });
export type ExtendGrantInput = z.infer<typeof extendGrantSchema>;

export const overrideSchema = z
  .object({
    feature: z.string("Choose a feature.").pipe(featureKey),
    effect: z.enum(["allow", "deny"], "Choose what it does."),
    value: z.string().max(10_000, "That is too long.").optional(),
    endsAt: localTime,
    zone: formZone,
    note: note.optional(),
  })
  .transform(inZone("endsAt"));
