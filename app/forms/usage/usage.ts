import { z } from "zod";
import { featureKey, tenantKey } from "~/forms/entity-keys";
import { errorMessages } from "~/forms/error-messages";
import { isoInstant } from "~/forms/instants";
import { type Fault, unfit } from "~/forms/storable";

export const maxEventsPerRequest = 1_000;

const quantity = z.int("A quantity is a whole number.");
const idempotencyKey = z.string().regex(/^[\x21-\x7e]{1,100}$/, "An idempotency key has 1 to 100 visible ASCII characters.");

export const usageReport = z
  .strictObject({
    tenant: tenantKey,
    feature: featureKey,
    action: z.enum(["add", "set"]).default("add"),
    quantity: quantity.default(1),
    idempotencyKey,
    time: isoInstant.optional(),
  })
  .refine((r) => r.action === "add" || r.quantity >= 0, { path: ["quantity"], error: "What is set cannot be negative." });
/** Parses one event of a batch, or returns its first problem. */
export function readReport(event: unknown): { ok: true; report: UsageReportBody } | { ok: false; error: Fault | z.ZodError } {
  const bad = unfit(event);
  if (bad) return { ok: false, error: bad };
  const { success, data, error } = usageReport.safeParse(event, errorMessages);
  return success ? { ok: true, report: data } : { ok: false, error };
}
export type UsageReportBody = z.infer<typeof usageReport>;

/** POST /api/usage: only the list is validated here; each event is recorded or refused on its own. */
export const usageBody = z.strictObject({
  events: z
    .array(z.unknown())
    .min(1, "Send at least one event.")
    .max(maxEventsPerRequest, `Send up to ${maxEventsPerRequest} events at once.`),
});

/** Variant for the description: an invalid event is accepted here and refused on its own. */
export const usageBodyShown = z.strictObject({
  events: z
    .array(z.union([usageReport, z.unknown()]))
    .min(1)
    .max(maxEventsPerRequest),
});

/** POST /api/usage/consume */
export const consumeBody = z.strictObject({
  tenant: tenantKey,
  feature: featureKey,
  quantity: quantity.min(1, "Consume at least 1.").default(1),
  idempotencyKey: idempotencyKey.optional(),
});
