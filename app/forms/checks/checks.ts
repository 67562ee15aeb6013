import { z } from "zod";
import { keyPattern } from "~/core/model";
import { featureKey, tenantKey } from "~/forms/entity-keys";
import { errorMessages } from "~/forms/error-messages";
import { isoInstant } from "~/forms/instants";
import { fromDigits } from "~/forms/pagination";
import { unfit } from "~/forms/storable";

export const maxChecks = 1_000;
/** Max per check. */
const maxFeatures = 1_000;
/** Total over all checks of one request. */
export const maxDecisions = 25_000;

export const userId = z.string().regex(/^[^\p{Cc}\p{Cs}]{1,200}$/u, "A user has 1 to 200 characters and no control characters.");
const notRequested = "What is requested is a whole number from 0 on.";
export const requestedQuantity = z.int(notRequested).min(0, notRequested);
/** Of every check. */
const common = { tenant: tenantKey, user: userId.optional().describe("The user, for flags that target persons.") };

/** One feature, or several of one tenant. Unknown fields are ignored, as on every read. */
export const checkItem = z
  .object({
    ...common,
    feature: featureKey.optional(),
    features: z.array(featureKey).min(1).max(maxFeatures, "Ask for up to 1,000 features of a tenant at once.").optional(),
    requested: requestedQuantity.optional(),
  })
  .refine((c) => (c.feature === undefined) !== (c.features === undefined), {
    path: ["feature"],
    error: "Name one feature, or a list of features.",
  });
export type CheckItem = z.infer<typeof checkItem>;

const isSame = (sent: unknown, known: unknown[] | undefined): sent is unknown[] =>
  known !== undefined && Array.isArray(sent) && sent.length === known.length && sent.every((one, i) => one === known[i]);

/**
 * Parses each check on its own. Most callers send the same features for every tenant, so a list equal to the previous
 * one is reused.
 */
export function readChecks(sent: readonly unknown[]) {
  let before: { sent: unknown[]; read: string[] } | undefined;
  return sent.map((check) => {
    const bad = unfit(check);
    if (bad) return { success: false, data: undefined, error: { issues: [bad] }, isUnstorable: true } as const;
    const { features } = (check ?? {}) as { features?: unknown };
    if (before && isSame(features, before.sent)) {
      const read = checkItem.safeParse({ ...(check as object), features: before.read.slice(0, 1) }, errorMessages);
      if (read.success) read.data.features = before.read;
      return read;
    }
    if (!Array.isArray(features)) return checkItem.safeParse(check, errorMessages);
    // Only the first fault is answered, and a valid list of thousands is not copied item by item.
    const fault = features.findIndex((key) => typeof key !== "string" || !keyPattern.test(key));
    const isFine = fault === -1 && features.length <= maxFeatures;
    const cut = features.slice(0, isFine ? 1 : Math.min(fault === -1 ? maxFeatures : fault, maxFeatures) + 1);
    const read = checkItem.safeParse({ ...(check as object), features: cut }, errorMessages);
    if (read.data && isFine) {
      read.data.features = features as string[];
      before = { sent: features, read: features as string[] };
    }
    return read;
  });
}

/** POST /api/entitlements: only the list is validated here; each check is answered or refused on its own. */
export const checksBody = z.object({
  checks: z.array(z.unknown()).min(1, "Send at least one check.").max(maxChecks, `Ask up to ${maxChecks} questions at once.`),
});

const explain = z.enum(["0", "1"], "explain is 1, or left out.").optional().describe("1: with every rule that was considered.");
export const checksQuery = z.object({ explain });

/** GET /api/entitlements. `feature` may be given more than once. */
export const checkQuery = z.object({
  tenant: common.tenant,
  feature: z
    .preprocess((sent) => (typeof sent === "string" ? [sent] : sent), z.array(featureKey))
    .optional()
    .describe("Left out: all features."),
  user: common.user,
  requested: fromDigits(requestedQuantity).optional().describe("Requested quantity of a metered feature."),
  at: isoInstant
    .optional()
    .describe(
      "What was answered then to a question without a user, or what today's facts will say then. What was used is what was recorded by then; more than 7 days ago it may not be known, and is then left out, and no limit is said to be reached.",
    ),
  explain,
});
export type CheckQuery = z.infer<typeof checkQuery>;

/** The check that a query asks for. Other parameters are ignored, whatever they hold. */
export const checkParametersOf = (query: { [name: string]: unknown }) =>
  Object.fromEntries(Object.keys(checkQuery.shape).flatMap((name) => (query[name] === undefined ? [] : [[name, query[name]]])));

/** GET /api/stream, after a missing tenant has been replaced by the key's. */
export const streamQuery = checkQuery.pick({ tenant: true });
/** The same as the API reference describes it. */
export const streamParameters = z.object({
  tenant: tenantKey.optional().describe("May be left out with a key that is bound to one."),
});
