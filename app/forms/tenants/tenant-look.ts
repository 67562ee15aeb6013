import { z } from "zod";
import type { Json } from "~/core/model";
import { defaultLook, defaultTenantColumns, knownColumns, type TenantListLook, tenantDensities } from "~/core/tenants/tenant-columns";
import { maxViewName, readTenantColumns } from "./tenant-list-params";

const stored = z.object({ columns: z.array(z.string()).transform(knownColumns), density: z.enum(tenantDensities).catch("normal") });

/** What was stored for a person. The default for what cannot be read. */
export function readTenantLook(value: Json): TenantListLook {
  const read = stored.safeParse(value);
  if (!read.success) return defaultLook;
  return read.data.columns.length > 0 ? read.data : { ...read.data, columns: defaultTenantColumns };
}

/** A list in a form: one field or several of the same name. Empty ones are left out. */
const texts = z.preprocess(
  (value) => [value].flat().filter((one) => one !== undefined && one !== ""),
  z.array(z.string().max(400)).max(12),
);

/** Where a person goes on: the query string of the list. */
const returnQuery = z.string().max(4_000).default("");

/** The form that keeps columns and density, or resets them. */
export const tenantLookForm = z.object({
  intent: z.enum(["keep", "reset"]),
  cols: texts.transform(readTenantColumns),
  density: z.enum(tenantDensities).catch("normal"),
  returnQuery,
});

export const maxViewQuery = 2_000;
const viewName = z
  .string({ error: "Give the view a name." })
  .trim()
  .min(1, "Give the view a name.")
  .max(maxViewName, `A view's name has up to ${maxViewName} characters.`)
  .refine((name) => !/[\p{Cc}\p{Cs}]/u.test(name), "The name holds a character that cannot be stored.");

/** The form that saves or deletes a view. */
export const savedViewForm = z.discriminatedUnion("intent", [
  z.object({ intent: z.literal("save"), name: viewName, returnQuery }),
  z.object({ intent: z.literal("delete"), id: z.string().max(100), returnQuery }),
]);
