import { z } from "zod";
import { tenantKey } from "~/forms/entity-keys";

export const maxBatchSize = 1_000;

/** Of all tenants, of selected ones, or of typed keys, one per line. */
export const resyncForm = z.discriminatedUnion("what", [
  z.object({ what: z.literal("all") }),
  z.object({
    what: z.literal("chosen"),
    tenant: z.array(tenantKey, "Choose at least one tenant.").min(1, "Choose at least one tenant.").max(maxBatchSize),
  }),
  z.object({
    what: z.literal("named"),
    keys: z
      .string()
      .default("")
      .transform((text) => [...new Set(text.split(/\r?\n/).filter((line) => line.trim() !== ""))])
      .pipe(z.array(tenantKey).min(1, "Name at least one tenant.").max(maxBatchSize, `Name up to ${maxBatchSize} tenants at a time.`)),
  }),
]);

export const maxKeys = 50;
export const metadataKey = z.string().trim().min(1).max(100, "A key of metadata has up to 100 characters.");

/** Metadata keys: ticked ones, and typed ones, one per line. */
export const metadataForm = z
  .object({
    key: z.array(metadataKey).default([]),
    others: z
      .string()
      .default("")
      .transform((text) =>
        text
          .split(/[\n,]/)
          .map((part) => part.trim())
          .filter(Boolean),
      )
      .pipe(z.array(metadataKey)),
  })
  .transform(({ key, others }) => [...new Set([...key, ...others])].sort())
  .refine((keys) => keys.length <= maxKeys, { path: ["others"], message: `Choose up to ${maxKeys} keys.` });
