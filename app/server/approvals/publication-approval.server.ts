import { whyImportApproval, whyPublicationApproval } from "~/core/approvals/approvals";
import { plansThatLose } from "~/core/approvals/publications";
import { applyCatalogueChange, type CatalogueChange } from "~/core/catalogue/catalogue-changes";
import type { CatalogueFacts, Instant } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import type { Queries } from "~db/database";
import type { Schema } from "~db/schema";
import { countTenantsHaving } from "~db/store/affected-tenants.server";
import type { TenantWrite } from "~db/store/tenant-writes.server";
import { readApprovals } from "./approval-rules.server";

/** Refuses a change of the catalogue that takes something from more tenants than one person may take it from. */
export async function whyPublicationWaits(q: Queries, t: Schema, before: CatalogueFacts, after: CatalogueFacts): Promise<Refusal | null> {
  const rules = await readApprovals(q, t);
  if (rules.publicationTenants === null) return null;
  const tenants = await countTenantsHaving(q, t, plansThatLose(before, after));
  const why = whyPublicationApproval(tenants, rules);
  return why === null ? null : refuse("needs_approval", why);
}

type Import = { catalogue: CatalogueChange | null; tenants: readonly TenantWrite[] };

/** Refuses an import that needs a second person, because an import cannot wait for one. */
export async function whyImportWaits(q: Queries, t: Schema, before: CatalogueFacts, { catalogue, tenants }: Import, at: Instant) {
  const waits = catalogue && (await whyPublicationWaits(q, t, before, applyCatalogueChange(before, catalogue, before.revision)));
  if (waits) return waits;
  const why = whyImportApproval(
    tenants.map(({ change }) => change),
    await readApprovals(q, t),
    at,
  );
  return why === null ? null : refuse("needs_approval", `${why} An import cannot wait for one. Leave it out of the file.`);
}
