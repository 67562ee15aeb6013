import { z } from "zod";
import { type GuardRails, railedKinds } from "~/core/rails/guard-rails";

/** Empty means no limit. */
const limit = (min: number, max: number, rule: string) =>
  z
    .string()
    .trim()
    .regex(/^\d{1,9}$/, rule)
    .transform(Number)
    .refine((n) => n >= min && n <= max, rule)
    .optional()
    .transform((n): number | null => n ?? null);

export const guardRailsForm = z.object({
  maxDays: limit(1, 3_650, "Write whole days from 1 to 3,650, or leave it empty."),
  maxExtensions: limit(0, 100, "Write a number from 0 to 100, or leave it empty."),
  daysApart: limit(1, 3_650, "Write whole days from 1 to 3,650, or leave it empty."),
  maxLive: limit(1, 1_000, "Write a number from 1 to 1,000, or leave it empty."),
  support: z.enum(["bound", "reason"], "Choose what support may do."),
  supportMayNot: z.preprocess((sent) => [...new Set([sent ?? []].flat())], z.array(z.enum(railedKinds, "Choose from the list."))),
  why: z
    .string()
    .trim()
    .max(300, "The reason has up to 300 characters.")
    .regex(/^[^\p{Cc}]*$/u, "The reason is one line of text.")
    .optional(),
});

const storedLimit = z.number().nullable().catch(null);

/** As stored. What cannot be read sets no limit. */
export const storedRails: z.ZodType<GuardRails> = z.object({
  maxDays: storedLimit,
  maxExtensions: storedLimit,
  daysApart: storedLimit,
  maxLive: storedLimit,
  supportMayPass: z.boolean().catch(false),
  supportMayNot: z.array(z.enum(railedKinds)).catch([]),
  why: z.string().nullable().catch(null),
});
