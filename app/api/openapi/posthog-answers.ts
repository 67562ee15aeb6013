import { z } from "zod";
import { flagRules, unknownReasons } from "~/core/model";
import { instantField, jsonField } from "./answer-fields";

/** Schemas of PostHog routes. Instants are ISO 8601 in UTC. */
const properties = z.record(z.string(), jsonField);
const trouble = z
  .object({ since: instantField, why: z.string() })
  .nullable()
  .describe("Since when PostHog has not answered about flags, and why.");

export const groupSyncSchema = z
  .object({
    host: z.string(),
    appHost: z.string(),
    groupType: z.string(),
    projectId: z.string().nullable(),
    counts: z.object({
      tenants: z.int(),
      inSync: z.int(),
      pending: z.int(),
      failing: z.int().describe("Wait for another try."),
      unseen: z.int().describe("Not compared yet after a change that may affect all."),
    }),
    lastSentAt: instantField.nullable(),
    lastError: z.object({ at: instantField, why: z.string() }).nullable(),
    down: z
      .object({ since: instantField, failures: z.int(), nextTryAt: instantField })
      .nullable()
      .describe("Why nothing can be sent; null if the last attempt succeeded."),
    resync: z
      .object({ by: z.string(), startedAt: instantField, total: z.int(), done: z.int(), doneAt: instantField.nullable(), job: z.string() })
      .nullable()
      .describe("The last time that all were sent again, by this job; `doneAt` null: under way."),
    waiting: z
      .array(
        z.object({
          tenant: z.string(),
          name: z.string(),
          since: instantField,
          attempts: z.int(),
          nextAttemptAt: instantField.nullable().describe("null: as soon as it is its turn."),
          lastError: z.string().nullable(),
        }),
      )
      .describe("The first 50 that have something to be sent, those that failed first."),
    flags: z.object({
      tied: z.int().describe("Features that are tied to a flag."),
      isLocal: z.boolean().describe("Evaluated here, with a secret key."),
      answeredAt: instantField.nullable().describe("When PostHog last answered about flags."),
      trouble,
    }),
  })
  .meta({ id: "GroupSync" });

const said = { state: z.enum(["on", "off"]), variant: z.string().optional(), payload: jsonField.optional() };

export const tenantSyncSchema = z
  .object({
    tenant: z.string(),
    groupType: z.string(),
    state: z.enum(["in_sync", "pending", "failing", "never"]),
    since: instantField.nullable().describe("Since when something waits to be sent."),
    attempts: z.int(),
    lastError: z.string().nullable(),
    nextTryAt: instantField.nullable().describe("In the past: as soon as it is its turn."),
    sentAt: instantField.nullable(),
    sent: properties.nullable().describe("What PostHog accepted last."),
    wanted: properties.describe("Expected properties."),
    flags: z
      .array(
        z.object({
          flag: z.string(),
          features: z.array(z.object({ key: z.string(), name: z.string() })).describe("Features linked to it."),
          now: z.object(said).nullable().describe("null: not known now."),
          last: z
            .object({ ...said, seenAt: instantField })
            .nullable()
            .describe("What was known last, where it is not known now."),
          unknownBecause: z.enum(unknownReasons).nullable(),
        }),
      )
      .describe("What is known of every flag for this tenant."),
    flagTrouble: trouble,
  })
  .meta({ id: "TenantSync" });

export const resync = z
  .object({
    tenants: z.int().describe("How many are sent again."),
    job: z.string().nullable().describe("The job that queues them; null: they are queued already."),
  })
  .meta({ id: "Resync" });

export const flagLinksSchema = z
  .object({
    items: z.array(
      z.object({
        feature: z.string(),
        name: z.string(),
        flag: z.string(),
        rule: z.enum(flagRules),
        isKnown: z.boolean().describe("PostHog's list of flags says whether there is such a flag."),
        link: z.string().nullable().describe("The flag in PostHog."),
        findings: z.array(z.object({ code: z.string(), says: z.string(), todo: z.string() })),
      }),
    ),
    trouble: z.string().nullable().describe("Why PostHog's list is missing, or not whole."),
  })
  .meta({ id: "FlagTies" });

export const metadataChoice = z.object({ keys: z.array(z.string()) }).meta({ id: "MetadataChoice" });

export const metadataKeysSchema = z
  .object({
    items: z.array(
      z.object({ key: z.string(), tenants: z.int().describe("Of the newest 1,000, those that have it."), chosen: z.boolean() }),
    ),
  })
  .meta({ id: "MetadataKeys" });

const row = z.union([
  z.object({ key: z.string(), kind: z.literal("missing").describe("PostHog has no such group.") }),
  z.object({ key: z.string(), kind: z.literal("unknown").describe("There is no such tenant here.") }),
  z.object({ key: z.string(), kind: z.literal("different"), ours: properties, theirs: properties }),
]);

export const drift = z
  .object({
    isRunning: z.boolean(),
    whyNot: z.string().nullable().describe("Why PostHog's groups cannot be looked up."),
    result: z
      .object({
        job: z.string().describe("Its job, which can be cancelled. All differences are its results."),
        by: z.string(),
        startedAt: instantField,
        finishedAt: instantField.nullable().describe("null: under way."),
        read: z.int().describe("Groups of PostHog's that were read."),
        isCut: z.boolean().describe("It has more groups than are read; tenants that it lacks were not looked for."),
        same: z.int(),
        different: z.int(),
        missing: z.int(),
        unknown: z.int(),
        waiting: z.int().describe("Left out: they are about to be sent."),
        rows: z.array(row).describe("The first 100 that are different, missing or unknown."),
        error: z.string().nullable(),
      })
      .nullable()
      .describe("Of the last comparison."),
  })
  .meta({ id: "Drift" });
