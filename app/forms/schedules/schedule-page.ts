import { z } from "zod";
import { formZone, inZone, localTime } from "~/forms/instants";
import { note } from "~/forms/tenants/tenant";
import { tenantPlanSchema, tenantStatusSchema } from "~/forms/tenants/tenant-page";

/** Now, or at an instant. Without JavaScript the date is sent with "now" too. */
const whenFields = { when: z.enum(["now", "later"]).default("now"), at: localTime, zone: formZone };
const noDate = { path: ["at"], error: "Choose the date and time." };

export const planAtSchema = z
  .object({ ...tenantPlanSchema.shape, ...whenFields })
  .transform(inZone("at"))
  .refine((f) => f.when === "now" || f.at !== undefined, noDate);

export const statusAtSchema = z
  .object({ ...tenantStatusSchema.shape, ...whenFields })
  .transform(inZone("at"))
  .refine((f) => f.when === "now" || f.at !== undefined, noDate);

/** The page of a scheduled change has two forms. */
export const scheduledActSchema = z
  .object({ intent: z.enum(["move", "cancel"], "Choose what to do."), at: localTime, zone: formZone, note: note.optional() })
  .transform(inZone("at"))
  .refine((f) => f.intent === "cancel" || f.at !== undefined, noDate);
