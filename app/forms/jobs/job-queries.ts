import { z } from "zod";
import { jobItemStates } from "~/core/jobs/job";
import { lastInstant } from "~/core/model";
import { cursor, limit } from "~/forms/pagination";

export const jobId = z
  .string()
  .regex(/^[A-Za-z0-9_]{1,70}$/, "That is not a job's id.")
  .meta({ examples: ["job_7C40sM21RW1pjgTWQWxE"] });

export const jobParams = z.object({ id: jobId });

/** GET /api/jobs */
export const jobsQuery = z.object({
  cursor: cursor([1795168800000, "job_7C40sM21RW1pjgTWQWxE"], z.int().min(0).max(lastInstant), z.string().max(100)).optional(),
  limit,
});

export const jobItemState = z.enum(jobItemStates, `A state is one of ${jobItemStates.join(", ")}.`);

/** GET /api/jobs/{id}/items */
export const jobItemsQuery = z.object({
  state: jobItemState.optional().describe("Only results in this state."),
  cursor: cursor([50], z.int().min(0)).optional(),
  limit,
});
