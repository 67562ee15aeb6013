import { z } from "zod";
import { keyPattern } from "~/core/model";
import { featureKey } from "./grant";
import { houseWords } from "./house-words";
import { isoInstant } from "./instants";
import { unfit } from "./storable";
import { tenantKey } from "./tenant";

export const mostChecks = 1_000;
/** Of one check. */
const maxFeatures = 1_000;
/** Of all checks of one request together. */
export const mostDecisions = 25_000;

export const userId = z.string().regex(/^[^\p{Cc}\p{Cs}]{1,200}$/u, "A user has 1 to 200 characters and no control characters.");
const requested = z.int("What is requested is a whole number.").min(0, "What is requested is 0 or more.");

/** One feature, or several of one tenant. Unknown fields are ignored, as on every read. */
export const checkItem = z
  .object({
    tenant: tenantKey,
    feature: featureKey.optional(),
    features: z.array(featureKey).min(1).max(maxFeatures, "Ask for up to 1,000 features of a tenant at once.").optional(),
    user: userId.optional(),
    requested: requested.optional(),
  })
  .refine((c) => (c.feature === undefined) !== (c.features === undefined), {
    path: ["feature"],
    error: "Name one feature, or a list of features.",
  });
export type CheckItem = z.infer<typeof checkItem>;

const isSame = (sent: unknown, known: unknown[] | undefined): sent is unknown[] =>
  known !== undefined && Array.isArray(sent) && sent.length === known.length && sent.every((one, i) => one === known[i]);

/** Each read or refused by itself. Most askers name the same features for every tenant: a list like the one before is that one. */
export function readChecks(sent: readonly unknown[]) {
  let before: { sent: unknown[]; read: string[] } | undefined;
  return sent.map((check) => {
    const bad = unfit(check);
    if (bad) return { success: false, data: undefined, error: { issues: [bad] }, isUnfit: true } as const;
    const { features } = (check ?? {}) as { features?: unknown };
    if (before && isSame(features, before.sent)) {
      const read = checkItem.safeParse({ ...(check as object), features: before.read.slice(0, 1) }, houseWords);
      if (read.success) read.data.features = before.read;
      return read;
    }
    if (!Array.isArray(features)) return checkItem.safeParse(check, houseWords);
    // Only the first fault is answered, and a list of thousands without one is not copied item by item.
    const fault = features.findIndex((key) => typeof key !== "string" || !keyPattern.test(key));
    const isFine = fault === -1 && features.length <= maxFeatures;
    const cut = features.slice(0, isFine ? 1 : Math.min(fault === -1 ? maxFeatures : fault, maxFeatures) + 1);
    const read = checkItem.safeParse({ ...(check as object), features: cut }, houseWords);
    if (read.data && isFine) {
      read.data.features = features as string[];
      before = { sent: features, read: features as string[] };
    }
    return read;
  });
}

/** POST /api/entitlements: each check is answered or refused by itself, so here only the list is looked at. */
export const checksBody = z.object({
  checks: z.array(z.unknown()).min(1, "Ask at least one question.").max(mostChecks, `Ask up to ${mostChecks} questions at once.`),
});

const explain = z.enum(["0", "1"], "explain is 1, or left out.").optional().describe("1: with every rule that was considered.");
export const checksQuery = z.object({ explain });

/** What GET takes beside tenant, feature and user, as it stands in an address. */
export const checkOptions = z.object({
  requested: z
    .string()
    .regex(/^\d{1,16}$/, "What is requested is a whole number.")
    .transform(Number)
    .pipe(requested)
    .optional(),
  at: isoInstant.optional(),
  explain,
});
