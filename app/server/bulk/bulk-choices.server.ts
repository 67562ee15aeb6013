import type { BulkSelection } from "~/core/bulk/bulk-act";
import type { Services } from "~/server/services.server";
import { featureChoices, tenantChoices } from "~/server/tenants/tenant-choices.server";
import { goneParts, knownTotal, listedFilter } from "~/server/tenants/tenant-matches.server";
import { listTenants, maxSortedTenants } from "~db/store/tenant-list.server";
import { listSource } from "./bulk-lists.server";

/** What the form of a bulk act offers, and how many tenants match. `selection`: null if the tenants are named. */
export async function bulkChoices(services: Services, selection: Exclude<BulkSelection, { kind: "keys" | "job" }> | null) {
  const { db, facts } = services;
  await facts.look();
  const { plans, addOns } = await tenantChoices(services, {});
  const choices = { plans, addOns, features: featureChoices(services, {}) };
  if (selection === null) return { ...choices, total: null, isTotalKnown: true };
  if (selection.kind !== "filter") {
    const { tenants, isAll } = await listSource(services, selection).count();
    return { ...choices, total: tenants, isTotalKnown: isAll };
  }
  const { filter } = selection;
  const catalogue = facts.catalogue();
  if (goneParts(catalogue, filter).length > 0) return { ...choices, total: 0, isTotalKnown: true };
  const known = await knownTotal(services, catalogue, filter);
  const listed = { ...listedFilter(services, filter), sort: [{ id: "name", desc: false }] as const, page: 1, size: 1, known };
  const { total } = await listTenants(db.readAside, db.tables, listed);
  return { ...choices, total, isTotalKnown: known !== undefined || total < maxSortedTenants };
}
