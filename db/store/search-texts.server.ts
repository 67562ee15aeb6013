import { and, eq, gt, sql } from "drizzle-orm";
import type { Database } from "../database";
import { readSetting, writeSetting } from "./settings.server";
import { searchTextOf } from "./tenant-writes.server";

/** Increment when the result of `searchTextOf` changes. */
const searchTextVersion = 2;
const setting = "search_text_version";
const batchSize = 1_000;

/**
 * Updates the search texts of tenants to the program's version, in batches. Tenants renamed in the meantime are
 * skipped.
 */
export async function refoldSearchTexts({ readAside, transaction, tables }: Database): Promise<void> {
  if ((await readSetting(readAside, tables, setting)) === searchTextVersion) return;
  const { key, name, searchText } = tables.tenants;
  for (let after = ""; ; ) {
    const rows = await readAside.select({ key, name, searchText }).from(tables.tenants).where(gt(key, after)).orderBy(key).limit(batchSize);
    const stale = rows.filter((row) => row.searchText !== searchTextOf(row));
    if (stale.length > 0) {
      await transaction([], async (tx) => {
        for (const row of stale)
          await tx
            .update(tables.tenants)
            .set({ searchText: searchTextOf(row) })
            .where(and(eq(key, row.key), sql`${searchText} = ${row.searchText}`));
      });
    }
    const last = rows.at(-1);
    if (rows.length < batchSize || !last) break;
    after = last.key;
  }
  await transaction([], (tx) => writeSetting(tx, tables, setting, searchTextVersion));
}
