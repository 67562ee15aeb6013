import { z } from "zod";
import { tenantStatuses } from "~/core/model";
import { planKey, tenantKey } from "~/forms/entity-keys";
import { isoInstant } from "~/forms/instants";
import { shortList } from "~/forms/json-value";
import { note } from "~/forms/tenants/tenant";

export const scheduledId = z
  .string()
  .regex(/^sc_[A-Za-z0-9]{1,60}$/, "That is not a scheduled change's id.")
  .meta({ examples: ["sc_5xQ0sM21RW1pjgTWQWxE"] });

export const scheduledParams = z.object({ key: tenantKey, id: scheduledId });

const addOns = shortList(planKey, { max: 100 }, "A change has up to 100 add-ons.");

/** POST /api/tenants/{key}/scheduled */
export const scheduleBody = z
  .strictObject({
    at: isoInstant.describe("When it takes effect."),
    plan: planKey.nullish().describe("The plan from then on; null: none. Left out: unchanged."),
    addOns: z
      .strictObject({ add: addOns.default([]), remove: addOns.default([]) })
      .optional()
      .describe("Add-ons to add and to remove."),
    status: z.enum(tenantStatuses, `A status is one of ${tenantStatuses.join(", ")}.`).optional(),
    note: note.nullish(),
  })
  .refine((b) => b.plan !== undefined || b.addOns !== undefined || b.status !== undefined, {
    path: ["plan"],
    error: "Send a plan, add-ons or a status: nothing would change.",
  });

/** PATCH /api/tenants/{key}/scheduled/{id} */
export const moveScheduledBody = z.strictObject({ at: isoInstant.describe("When it takes effect instead."), note: note.nullish() });
