import { z } from "zod";
import {
  countsChoices,
  type FlagLink,
  featureTypes,
  flagRules,
  keyPattern,
  planKinds,
  resetPeriods,
  type Value,
  whenUnknownChoices,
} from "~/core/model";
import { askUrl } from "./catalogue/ask-url";
import { displayName, longText } from "./catalogue/plan";
import { featureKeyRefused, planKey, tenantKey } from "./entity-keys";
import { railReason } from "./grants/grant";
import { isoInstant } from "./instants";
import { namedValues, shortList, valueFault } from "./json-value";
import { maxBatchSize, maxKeys, metadataKey } from "./posthog/posthog-page";
import { note } from "./tenants/tenant";

const short = (what: string, most: number) =>
  z
    .string()
    .trim()
    .min(1, `${what} has at least 1 character.`)
    .max(most, `${what} has up to ${most} characters.`)
    .regex(/^[^\p{Cc}]*$/u, `${what} is one line of text.`);

const wholeRank = "A rank is a whole number from 0 to 1,000,000.";

/** POST /api/audit/{seq}/undo */
export const undoBody = z.strictObject({
  dryRun: z.boolean().optional().describe("Say what it would do, and do nothing."),
  partial: z.boolean().optional().describe("Undo what can be undone although parts stay."),
  note: note.nullish(),
});

/** A plan gives each feature at most once. */
export const maxEntries = 5_000;

const entryFault = (feature: string, value: unknown) => (keyPattern.test(feature) ? valueFault(value) : featureKeyRefused);
const planEntries = namedValues(entryFault, {
  propertyNames: { type: "string", pattern: keyPattern.source },
  additionalProperties: {},
}) as z.ZodType<{ [feature: string]: Value }>;

/** PUT /api/plans/{plan}: left out means unchanged, null means cleared; `features` replaces all of the plan's own entries. */
export const planBody = z.strictObject({
  name: displayName.nullish(),
  description: longText.nullish(),
  kind: z.enum(planKinds, "A kind is base or add_on.").optional().describe("Of a new plan; defaults to base. Cannot be changed."),
  rank: z.int(wholeRank).min(0, wholeRank).max(1_000_000, wholeRank).optional(),
  includes: planKey.nullish(),
  features: planEntries
    .refine((entries) => Object.keys(entries).length <= maxEntries, `A plan gives up to ${maxEntries} features.`)
    .optional()
    .describe("Feature → what the plan gives of it: true, a limit or unlimited, or a value. Replaces all entries of its own."),
  why: note.nullish(),
});

const options = shortList(short("An option", 200), { max: 1_000 }, "There are up to 1,000 options.").refine(
  (list) => new Set(list).size === list.length,
  "An option occurs twice. Remove one.",
);

const config = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({ kind: z.literal("number"), better: z.enum(["higher", "lower"]).default("higher") }),
    z.strictObject({ kind: z.literal("text"), options: options.default([]) }),
    z.strictObject({ kind: z.literal("json") }),
  ],
  "A config's kind is number, text or json.",
);

const meter = z.strictObject({
  resetPeriod: z.enum(resetPeriods, `A reset period is one of ${resetPeriods.join(", ")}.`),
  soft: z.boolean().default(false),
  unit: short("A unit", 50).nullable().default(null),
});

const flag = z
  .strictObject({
    key: short("A flag's key", 400),
    rule: z.enum(flagRules, `A rule is one of ${flagRules.join(", ")}.`),
    whenUnknown: z.enum(whenUnknownChoices).default("last"),
  })
  .transform((tie): FlagLink => tie);

/** PUT /api/features/{feature}: left out means unchanged, null means cleared; settings replace the old ones whole. */
export const featureBody = z.strictObject({
  name: displayName.nullish(),
  description: longText.nullish(),
  group: short("A group", 200).nullish(),
  askUrl: askUrl.nullish().describe("A page where a user can ask for it. Answers carry it when the plan or a limit refuses the feature."),
  type: z
    .enum(featureTypes, `A type is one of ${featureTypes.join(", ")}.`)
    .optional()
    .describe("Of a new feature; defaults to boolean. Cannot be changed."),
  config: config.optional().describe("For type config."),
  meter: meter.optional().describe("For type metered."),
  counts: z
    .enum(countsChoices, "counts is zero or carry.")
    .optional()
    .describe(
      "If the reset period changes: zero (default) begins at 0 in the new period, carry begins with the total of each tenant's current period. Ignored if the reset period stays.",
    ),
  flag: flag.nullish(),
  why: note.nullish(),
});

/** Archive, restore, delete: nothing but the reason. */
export const whyBody = z.strictObject({ why: note.nullish() });

const whom = `Send "all", or the keys of 1 to ${maxBatchSize} tenants.`;

/** POST /api/posthog/resync */
export const resyncBody = z.strictObject({
  tenants: z.union([z.literal("all"), shortList(tenantKey, { min: 1, max: maxBatchSize })], whom).describe("all, or their keys."),
});

/** Nothing to report. */
export const emptyBody = z.strictObject({});

const tooMany = `Choose up to ${maxKeys} keys.`;

/** PUT /api/posthog/metadata: the whole choice. */
export const metadataChoiceBody = z.strictObject({ keys: shortList(metadataKey, { max: maxKeys }, tooMany) });

const extraDays = z.int("Days are a whole number.").min(1, "Extend by at least one day.").max(3_650, "Extend by up to 3,650 days.");

/** POST /api/grants/{id}/extend */
export const extendBody = z
  .strictObject({
    endsAt: isoInstant.optional(),
    days: extraDays.optional().describe("Whole days of 24 hours, from the end that it has."),
    note: note.nullish(),
    reason: railReason,
  })
  .refine((b) => (b.endsAt === undefined) !== (b.days === undefined), { path: ["endsAt"], error: "Send endsAt or days." });
