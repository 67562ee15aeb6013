import { z } from "zod";
import type { ApprovalRules } from "~/core/approvals/approvals";

/** Empty: no approval is needed. */
const limit = (max: number, rule: string) =>
  z
    .string()
    .trim()
    .regex(/^\d{1,9}$/, rule)
    .transform(Number)
    .refine((n) => n >= 1 && n <= max, rule)
    .optional()
    .transform((n): number | null => n ?? null);

const ticked = z
  .literal("on", "Tick it, or leave it empty.")
  .optional()
  .transform((sent) => sent === "on");

export const approvalsForm = z.object({
  trialDays: limit(3_650, "Write whole days from 1 to 3,650, or leave it empty."),
  bulkTenants: limit(1_000_000, "Write a number from 1 to 1,000,000, or leave it empty."),
  publicationTenants: limit(1_000_000, "Write a number from 1 to 1,000,000, or leave it empty."),
  endlessOverrides: ticked,
  manageKeys: ticked,
});

const storedLimit = z.number().nullable().catch(null);

/** As stored. What cannot be read needs no approval. */
export const storedApprovals: z.ZodType<ApprovalRules> = z.object({
  trialDays: storedLimit,
  endlessOverrides: z.boolean().catch(false),
  bulkTenants: storedLimit,
  publicationTenants: storedLimit,
  manageKeys: z.boolean().catch(false),
});
