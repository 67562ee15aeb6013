import { z } from "zod";
import { tenantStatuses } from "~/core/model";
import { planKey } from "~/forms/entity-keys";
import { isoInstant } from "~/forms/instants";
import { namedValues, shortList } from "~/forms/json-value";

const oneLine = /^[^\p{Cc}]*$/u;

export const tenantName = z
  .string()
  .trim()
  .min(1, "Give the tenant a name.")
  .max(200, "A name has up to 200 characters.")
  .regex(oneLine, "A name is one line of text.");

/** Bytes of JSON: metadata holds a few facts about a tenant, not documents. */
export const maxMetadataBytes = 10_000;
const nameFault = (name: string) =>
  name === "" ? "This has at least 1 character." : name.length > 100 ? "This has up to 100 characters." : null;
export const metadata = namedValues(nameFault, {
  propertyNames: { type: "string", minLength: 1, maxLength: 100 },
  additionalProperties: {},
}).refine((m) => JSON.stringify(m).length <= maxMetadataBytes, `Metadata has up to ${maxMetadataBytes} characters of JSON.`);

/** The reason, for the audit log. */
export const note = z.string().trim().max(1_000, "A note has up to 1,000 characters.");

/** PUT /api/tenants/{key}: omitted means unchanged, null means cleared. */
export const tenantBody = z.strictObject({
  name: tenantName.nullish(),
  plan: planKey.nullish(),
  addOns: shortList(planKey, { max: 100 }, "A tenant has up to 100 add-ons.").nullish(),
  status: z.enum(tenantStatuses, `A status is one of ${tenantStatuses.join(", ")}.`).nullish(),
  metadata: metadata.nullish(),
  usageAnchor: isoInstant.nullish(),
  why: note.nullish(),
});
