import { z } from "zod";
import { tenantEffects } from "~/core/impact/impact-result";
import { featureKey, planKey } from "~/forms/entity-keys";
import { jsonValue, shortList } from "~/forms/json-value";

/** Max cells that are looked at together. */
export const maxImpactCells = 500;

/** What an entry becomes; null takes it away. */
export const cellValue = jsonValue.refine((value) => value !== undefined, "Send a value, or null for none.");

const cell = z.object({ plan: planKey, feature: featureKey, value: cellValue });

/** A change of the catalogue as a page names it, before it is made. */
export const catalogueEdit = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("cells"), cells: shortList(cell, { min: 1, max: maxImpactCells }) }),
  z.object({ kind: z.enum(["archive_feature", "restore_feature"]), feature: featureKey }),
]);
export type CatalogueEdit = z.infer<typeof catalogueEdit>;

const unread = "Open the page of the change again: this form is not whole.";

/** POST /impact. `back`: the page of the change. */
export const impactForm = z.object({
  edit: z.string(unread).transform((text, ctx): CatalogueEdit => {
    try {
      const read = catalogueEdit.safeParse(JSON.parse(text));
      if (read.success) return read.data;
    } catch {
      // Answered below.
    }
    ctx.addIssue({ code: "custom", message: unread });
    return z.NEVER;
  }),
  back: z.string().max(4_000).optional(),
});

export const tenantEffect = z.enum(tenantEffects, `An effect is one of ${tenantEffects.join(", ")}.`);

/** The list on an impact's page; invalid values are ignored. `after`: the place of the last row of the page before. */
export function readImpactQuery(params: URLSearchParams) {
  const checks = Number(params.get("checks") ?? Number.NaN);
  const tenant = params.get("after");
  const isPlace = tenant !== null && tenant.length <= 200 && Number.isSafeInteger(checks) && checks >= 0;
  return {
    effect: tenantEffect.safeParse(params.get("effect")).data,
    after: isPlace ? { checks, tenant } : undefined,
    back: params.get("back") ?? undefined,
  };
}
