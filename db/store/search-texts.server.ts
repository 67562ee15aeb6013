import { eq, gt, sql } from "drizzle-orm";
import { catalogueLock, type Database, type Queries } from "../database";
import type { Schema } from "../schema";
import { readSetting, writeSetting } from "./settings.server";
import { putSearchRows, searchRowOf } from "./tenant-search.server";
import { searchTextOf } from "./tenant-writes.server";

/** Increment when the result of `searchTextOf` or `searchRowOf` changes. */
const searchTextVersion = 3;
const setting = "search_text_version";
const batchSize = 1_000;

/** Updates the texts that search reads to the program's version, in batches. */
export async function refoldSearchTexts({ readAside, transaction, tables }: Database): Promise<void> {
  if ((await readSetting(readAside, tables, setting)) === searchTextVersion) return;
  for (let after = ""; ; ) {
    const rows = await readBatch(readAside, tables, after);
    if (rows.some(isStale)) {
      // Excludes changes of tenants, whose new texts would be overwritten.
      await transaction([catalogueLock], async (tx) => {
        const stale = (await readBatch(tx, tables, after)).filter(isStale);
        for (const row of stale) {
          if (row.searchText === searchTextOf(row)) continue;
          await tx
            .update(tables.tenants)
            .set({ searchText: searchTextOf(row) })
            .where(eq(tables.tenants.key, row.key));
        }
        await putSearchRows(tx, tables, stale.map(searchRowOf));
      });
    }
    const last = rows.at(-1);
    if (rows.length < batchSize || !last) break;
    after = last.key;
  }
  await transaction([], (tx) => writeSetting(tx, tables, setting, searchTextVersion));
}

const readBatch = (q: Queries, { tenants, tenantSearch }: Schema, after: string) => {
  const { key, name, metadata, searchText } = tenants;
  return q
    .select({ key, name, metadata, searchText, foldedKey: tenantSearch.foldedKey, words: tenantSearch.words })
    .from(tenants)
    .leftJoin(tenantSearch, eq(tenantSearch.tenant, key))
    .where(gt(key, after))
    .orderBy(key)
    .limit(batchSize);
};

function isStale(row: Awaited<ReturnType<typeof readBatch>>[number]): boolean {
  const { foldedKey, words } = searchRowOf(row);
  return row.searchText !== searchTextOf(row) || row.foldedKey !== foldedKey || row.words !== words;
}

/** False on a PostgreSQL that refused `pg_trgm`: search then reads every tenant's words. */
export async function hasTrigrams({ engine, readAside }: Database): Promise<boolean> {
  if (engine === "sqlite") return true;
  const name = sql<string>`indexname`;
  const rows = await readAside.select({ name }).from(sql`pg_indexes`).where(sql`indexname = 'tenant_search_by_trigram'`);
  return rows.length > 0;
}
