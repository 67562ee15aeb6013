import { z } from "zod";
import { featureKey } from "./grant";
import { houseWords } from "./house-words";
import { isoInstant } from "./instants";
import { type Fault, unfit } from "./storable";
import { tenantKey } from "./tenant";

export const mostReports = 1_000;

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
/** One of a batch, read by itself; or what is wrong with it first. */
export function readReport(event: unknown): { ok: true; report: UsageReportBody } | { ok: false; error: Fault | z.ZodError } {
  const bad = unfit(event);
  if (bad) return { ok: false, error: bad };
  const { success, data, error } = usageReport.safeParse(event, houseWords);
  return success ? { ok: true, report: data } : { ok: false, error };
}
export type UsageReportBody = z.infer<typeof usageReport>;

/** POST /api/usage: each report is taken or refused by itself, so here only the shape of the list is asked for. */
export const usageBody = z.strictObject({
  events: z.array(z.unknown()).min(1, "Send at least one event.").max(mostReports, `Send up to ${mostReports} events at once.`),
});

/** The same for its description: what fits nothing is taken too, and refused by itself. */
export const usageBodyShown = z.strictObject({
  events: z
    .array(z.union([usageReport, z.unknown()]))
    .min(1)
    .max(mostReports),
});

/** POST /api/usage/consume */
export const consumeBody = z.strictObject({
  tenant: tenantKey,
  feature: featureKey,
  quantity: quantity.min(1, "Consume at least 1.").default(1),
  idempotencyKey: idempotencyKey.optional(),
});
