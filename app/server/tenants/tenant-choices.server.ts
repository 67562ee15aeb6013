import type { Catalogue } from "~/core/catalogue/catalogue";
import { shortChoices } from "~/core/catalogue/choices";
import type { TenantFilter } from "~/core/tenants/tenant-filter";
import type { Services } from "~/server/services.server";
import { metadataKeysInUse } from "~db/store/tenant-metadata.server";

/** Keys of metadata that are offered. Others can be typed. */
const maxMetadataKeys = 40;

/** Options of the list's filters for plans, add-ons and metadata. Null where there are too many to list. */
export async function tenantChoices({ db, facts }: Pick<Services, "db" | "facts">, { plan, addOn }: TenantFilter) {
  const catalogue = facts.catalogue();
  return {
    plans: plansOf(catalogue, "base", plan),
    addOns: plansOf(catalogue, "add_on", addOn),
    metadataKeys: await metadataKeysInUse(db.readAside, db.tables, maxMetadataKeys),
  };
}

/** Options of the filter for a feature. */
export function featureChoices({ facts }: Pick<Services, "facts">, { feature }: TenantFilter) {
  const features = [...facts.catalogue().features.values()];
  return withChosen(
    features.filter(({ key, archivedAt }) => archivedAt === null || key === feature?.key),
    feature?.key,
  );
}

function plansOf(catalogue: Catalogue, kind: "base" | "add_on", chosen: string | undefined) {
  // An add-on's key finds tenants under "plan" too, so it must be shown there.
  return withChosen(
    [...catalogue.plans.values()].filter((plan) => plan.key === chosen || (plan.kind === kind && plan.archivedAt === null)),
    chosen,
  );
}

/** Also offers a chosen key that does not exist, so that the filter shows it. */
function withChosen(all: readonly { key: string; name: string }[], chosen: string | undefined) {
  const isGone = chosen !== undefined && chosen !== "" && !all.some(({ key }) => key === chosen);
  return shortChoices(isGone ? [...all, { key: chosen, name: `${chosen} (gone)` }] : all);
}
