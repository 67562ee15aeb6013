import { z } from "zod";
import { type Json, tenantStatuses } from "~/core/model";
import { planKey, tenantKey } from "~/forms/entity-keys";
import { readJson } from "~/forms/json-text";
import { metadata, note, tenantName } from "./tenant";

/** The revision the page showed; a newer one is a concurrent change. */
export const expectedRevision = z.coerce.number("Open this page again.").int().min(0);

const typedMetadata = z
  .string()
  .max(20_000, "Metadata has up to 10,000 characters of JSON.")
  .optional()
  .transform((text, ctx): { [key: string]: Json } => {
    const refuse = (message: string) => {
      ctx.addIssue({ code: "custom", message });
      return z.NEVER;
    };
    const read = readJson(text?.trim() ? text : "{}");
    if (!read.ok) return refuse(read.message);
    if (typeof read.value !== "object" || read.value === null || Array.isArray(read.value)) {
      return refuse('Metadata is a JSON object, such as {"region": "eu"}.');
    }
    const kept = metadata.safeParse(read.value);
    return kept.success ? kept.data : refuse(kept.error.issues[0]?.message ?? "The metadata is invalid.");
  });

const plan = planKey.optional();
const addOns = z
  .array(z.string())
  .max(100, "A tenant has up to 100 add-ons.")
  .refine((keys) => keys.every((key) => planKey.safeParse(key).success), "That is not an add-on's key.");

export const newTenantSchema = z.object({
  key: z.string("Give the key that your app knows this tenant by.").trim().pipe(tenantKey),
  name: tenantName.optional(),
  plan,
  addOns,
  metadata: typedMetadata,
});
export type NewTenantInput = z.infer<typeof newTenantSchema>;

export const editTenantSchema = z.object({
  expected: expectedRevision,
  name: z.string("Give the tenant a name.").pipe(tenantName),
  metadata: typedMetadata,
});

export const tenantPlanSchema = z.object({ expected: expectedRevision, plan, addOns, note: note.optional() });

export const tenantStatusSchema = z.object({
  expected: expectedRevision,
  status: z.enum(tenantStatuses, "Choose what it is to be."),
  note: note.optional(),
});

export const writeMetadata = (value: { [key: string]: Json }) => (Object.keys(value).length === 0 ? "" : JSON.stringify(value, null, 2));
