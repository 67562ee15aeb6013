import { z } from "zod";
import { tenantKey } from "./tenant";

export const mostAtOnce = 1_000;

/** Of the buttons on the page: all of them, those that were chosen, or those whose keys were typed, one on each line. */
export const resyncForm = z.discriminatedUnion("what", [
  z.object({ what: z.literal("all") }),
  z.object({
    what: z.literal("chosen"),
    tenant: z.array(tenantKey, "Choose at least one tenant.").min(1, "Choose at least one tenant.").max(mostAtOnce),
  }),
  z.object({
    what: z.literal("named"),
    keys: z
      .string()
      .default("")
      .transform((text) => [...new Set(text.split(/\r?\n/).filter((line) => line.trim() !== ""))])
      .pipe(z.array(tenantKey).min(1, "Name at least one tenant.").max(mostAtOnce, `Name up to ${mostAtOnce} tenants at a time.`)),
  }),
]);

export const mostKeys = 50;
export const metadataKey = z.string().trim().min(1).max(100, "A key of metadata has up to 100 characters.");

/** Keys of metadata: those that were ticked, and others that were typed, one on each line. */
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
  .refine((keys) => keys.length <= mostKeys, { path: ["others"], message: `Choose up to ${mostKeys} keys.` });
