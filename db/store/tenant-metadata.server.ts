import { inArray } from "drizzle-orm";
import type { TenantFacts } from "~/core/model";
import { metadataEntries } from "~/core/tenants/metadata-entries";
import type { Queries } from "../database";
import { rowsAsOne } from "../json-rows";
import type { Schema } from "../schema";
import { inBatches } from "./changes.server";
import { distinctValues } from "./distinct-values.server";

/** Replaces the metadata by which these tenants are found. `isNew`: they have none yet. */
export async function putMetadataRows(
  tx: Queries,
  { tenantMetadata: m }: Schema,
  changed: { tenant: Pick<TenantFacts, "key" | "metadata">; isNew: boolean }[],
): Promise<void> {
  const old = changed.flatMap(({ tenant, isNew }) => (isNew ? [] : [tenant.key]));
  await inBatches(old, (batch) => tx.delete(m).where(inArray(m.tenant, batch)));
  const rows = changed.flatMap(({ tenant }) => metadataEntries(tenant.metadata).map((entry) => ({ tenant: tenant.key, ...entry })));
  await inBatches(rows, (batch) => tx.insert(m).select(rowsAsOne(m, batch)));
}

/** Keys of metadata in use, in order, up to `max`. */
export const metadataKeysInUse = (q: Queries, { tenantMetadata: m }: Schema, max: number): Promise<string[]> =>
  distinctValues(q, m.key, max);
