import { and, eq, inArray, like, type SQL, sql } from "drizzle-orm";
import type { TenantFacts } from "~/core/model";
import { foldText } from "~/core/plain-text";
import { searchedText, wordMark } from "~/core/search/search-words";
import type { Queries } from "../database";
import { isOnPostgres } from "../on-postgres";
import type { Schema } from "../schema";
import { inBatches } from "./changes.server";

/** A trigram index cannot find shorter words, so for those every tenant's text is read. */
const minIndexedCharacters = 3;

type Searched = Pick<TenantFacts, "key" | "name" | "metadata">;
export const searchRowOf = (tenant: Searched) => ({
  tenant: tenant.key,
  foldedKey: foldText(tenant.key),
  words: searchedText(tenant),
});
type SearchRow = ReturnType<typeof searchRowOf>;

export async function putSearchRows(tx: Queries, { tenantSearch }: Schema, rows: SearchRow[]): Promise<void> {
  await inBatches(rows, (batch) =>
    tx
      .insert(tenantSearch)
      .values(batch)
      .onConflictDoUpdate({ target: tenantSearch.tenant, set: { foldedKey: sql`excluded.folded_key`, words: sql`excluded.words` } }),
  );
}

/** Part of a text, with the characters that LIKE gives a meaning taken as they are. */
export const contains = (column: Schema["tenantSearch"]["words"] | Schema["tenants"]["searchText"], part: string): SQL =>
  like(column, `%${part.replace(/[\\%_]/g, "\\$&")}%`).append(sql.raw(" escape '\\'"));

/** Rows of `tenant_search` that hold each of these texts; on SQLite's index up to `max` of them. */
function holdsAll({ tenantSearch }: Schema, texts: readonly string[], max: number): SQL | undefined {
  const isIndexed = texts.every((text) => [...text].length >= minIndexedCharacters);
  if (isOnPostgres(tenantSearch) || !isIndexed) return and(...texts.map((text) => contains(tenantSearch.words, text)));
  const phrases = texts.map((text) => `"${text.replaceAll('"', '""')}"`).join(" AND ");
  // Without a limit in here, SQLite collects every match first.
  return sql`${tenantSearch.id} in (select rowid from tenant_trigrams where tenant_trigrams match ${phrases} limit ${max})`;
}

/**
 * Keys of tenants that hold all words, best first: the key itself, then names and keys that begin with the query, then
 * those where each word begins a word, then the rest. Up to `max`.
 */
export async function searchTenantKeys(q: Queries, t: Schema, words: readonly string[], max: number): Promise<string[]> {
  const { tenantSearch, tenants } = t;
  const whole = words.join(" ");
  const end = `${whole}\u{10ffff}`;
  const found = new Set<string>();
  const ranked = () => q.select({ key: tenantSearch.tenant }).from(tenantSearch);
  const tiers = [
    () => ranked().where(eq(tenantSearch.foldedKey, whole)),
    () =>
      q
        .select({ key: tenants.key })
        .from(tenants)
        .where(between(tenants.searchText, whole, end))
        .orderBy(tenants.searchText),
    () =>
      ranked()
        .where(between(tenantSearch.foldedKey, whole, end))
        .orderBy(tenantSearch.foldedKey),
    (limit: number) => {
      const starts = words.map((word) => wordMark + word);
      return ranked().where(holdsAll(t, starts, limit));
    },
    (limit: number) => ranked().where(holdsAll(t, words, limit)),
  ];
  for (const tier of tiers) {
    // Better ones may be found again.
    const limit = max + found.size;
    for (const { key } of await tier(limit).limit(limit)) if (found.size < max) found.add(key);
    if (found.size >= max) break;
  }
  return [...found];
}

const between = (column: Schema["tenants"]["searchText"] | Schema["tenantSearch"]["foldedKey"], from: string, to: string): SQL =>
  sql`${column} >= ${from} and ${column} < ${to}`;

export type FoundRow = Pick<Schema["tenants"]["$inferSelect"], "key" | "name" | "status" | "plan">;

/** Tenants that hold all words, best first, up to `max`. */
export async function searchTenants(q: Queries, t: Schema, words: readonly string[], max: number): Promise<FoundRow[]> {
  const keys = await searchTenantKeys(q, t, words, max);
  if (keys.length === 0) return [];
  const { key, name, status, plan } = t.tenants;
  const rows = await q.select({ key, name, status, plan }).from(t.tenants).where(inArray(key, keys));
  const place = new Map(keys.map((key, at) => [key, at]));
  return rows.sort((a, b) => (place.get(a.key) as number) - (place.get(b.key) as number));
}
