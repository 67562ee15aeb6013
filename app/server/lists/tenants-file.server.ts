import type { ListCell, ListFile } from "~/core/list-file";
import { maxMetadataEntries, metadataText } from "~/core/tenants/metadata-entries";
import type { TenantFilter } from "~/core/tenants/tenant-filter";
import { isoTime } from "~/core/time";
import { isFieldName } from "~/forms/import/tenant-csv-row";
import type { Services } from "~/server/services.server";
import { goneParts, matchingTenantsAfter } from "~/server/tenants/tenant-matches.server";
import { addOnsByTenant, type TenantPlace } from "~db/store/tenant-list.server";
import { metadataKeysInUse } from "~db/store/tenant-metadata.server";

const batchSize = 200;

/** All tenants that match, in order of name. As CSV it can be imported again. */
export async function tenantsFile(services: Services, filter: TenantFilter): Promise<ListFile> {
  const { db, facts } = services;
  const { readAside, tables } = db;
  const fields = (await metadataKeysInUse(readAside, tables, maxMetadataEntries)).filter(isFieldName);
  const heads = ["key", "name", "status", "plan", "add_ons", "created", ...fields.map((field) => `metadata.${field}`)];
  async function* batches(): AsyncGenerator<ListCell[][]> {
    await facts.look();
    if (goneParts(facts.catalogue(), filter).length > 0) return;
    for (let after: TenantPlace | undefined; ; ) {
      const { rows, next } = await matchingTenantsAfter(services, filter, { after, size: batchSize });
      const keys = rows.map(({ key }) => key);
      const addOns = await addOnsByTenant(readAside, tables, keys);
      yield rows.map(({ key, name, status, plan, metadata, createdAt }) => [
        ...[key, name, status, plan, addOns.get(key) ?? [], isoTime(createdAt.getTime())],
        ...fields.map((field) => metadataText(metadata[field])),
      ]);
      if (next === null) return;
      after = next;
      await new Promise(setImmediate);
    }
  }
  return { heads, batches: batches() };
}
