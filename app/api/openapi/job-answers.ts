import { z } from "zod";
import { bulkActs } from "~/core/bulk/bulk-act";
import { jobItemStates, jobKinds, jobStates } from "~/core/jobs/job";
import { instantField } from "./answer-fields";

const next = z.string().nullable().describe("The cursor of the next page; null: this is the last one.");

export const jobAnswer = z
  .object({
    id: z.string(),
    kind: z.enum(jobKinds),
    act: z.enum(bulkActs).nullable().describe("null: not a bulk act, or one that a newer version made and this one does not know."),
    summary: z.string().describe("What it does, as a sentence for people."),
    dryRun: z.boolean().describe("true: it changes nothing, and `done` counts tenants that would change."),
    state: z.enum(jobStates),
    problem: z.string().nullable().describe("Why it failed."),
    cancelRequested: z.boolean(),
    total: z.int().nullable().describe("Tenants; null until they are counted."),
    done: z.int(),
    skipped: z.int(),
    failed: z.int().describe("Of a comparison: those that differ."),
    created: z.int().describe("Those of `done` that are new tenants."),
    note: z.string().nullable(),
    createdBy: z.string(),
    createdAt: instantField,
    startedAt: instantField.nullable(),
    finishedAt: instantField.nullable(),
  })
  .meta({ id: "Job" });
export const jobPage = z.object({ items: z.array(jobAnswer), next }).meta({ id: "JobPage" });
export const jobItemPage = z
  .object({
    items: z.array(
      z.object({
        seq: z.int(),
        subject: z.string().describe("The tenant's key. Empty for the catalogue, which an undo or an import may change."),
        state: z.enum(jobItemStates),
        message: z.string().describe("What changed, or why nothing did."),
      }),
    ),
    next,
  })
  .meta({ id: "JobItemPage" });

export const jobDone = {
  id: "job_7C40sM21RW1pjgTWQWxE",
  kind: "bulk",
  act: "grant_trial",
  summary: "Grant a trial of Single sign-on for 14 days",
  dryRun: false,
  state: "done",
  problem: null,
  cancelRequested: false,
  total: 2,
  done: 1,
  skipped: 1,
  failed: 0,
  created: 0,
  note: "Spring campaign",
  createdBy: "Billing",
  createdAt: "2026-11-20T10:00:00.000Z",
  startedAt: "2026-11-20T10:00:00.100Z",
  finishedAt: "2026-11-20T10:00:00.200Z",
} satisfies z.output<typeof jobAnswer>;
export const jobQueued = { ...jobDone, state: "queued" as const, done: 0, skipped: 0, startedAt: null, finishedAt: null };
export const undoQueued = {
  ...jobQueued,
  kind: "undo" as const,
  act: null,
  summary: "Undo of entry 120: Grant a trial of Single sign-on for 14 days",
  total: 30_000,
};
export const jobItemsExample = {
  items: [
    { seq: 1, subject: "acme", state: "done" as const, message: "Trial of Single sign-on until 4 December 2026." },
    { seq: 2, subject: "globex", state: "skipped" as const, message: "There is no tenant with this key." },
  ],
  next: null,
} satisfies z.output<typeof jobItemPage>;
export const csvJob = {
  ...jobQueued,
  kind: "tenant_csv" as const,
  act: null,
  summary: "Import tenants from API",
  total: null,
  note: null,
} satisfies z.output<typeof jobAnswer>;
export const catalogueImportQueued = {
  ...jobQueued,
  kind: "catalogue_import" as const,
  act: null,
  summary: "Import the catalogue",
  total: null,
  note: null,
} satisfies z.output<typeof jobAnswer>;
