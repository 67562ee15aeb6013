import { nearWords } from "~/core/search/near-words";
import { wordsOf } from "~/core/search/search-words";
import { shorten } from "~/core/text";
import { maxSearchWords } from "~/forms/search/search-query";
import { paths } from "~/paths";
import { notFound } from "~/server/http/not-found.server";
import type { Services } from "~/server/services.server";
import { readTenantNames } from "~db/store/tenant-documents.server";
import { searchTenants } from "~db/store/tenant-search.server";

const maxNear = 5;

export type NearTenant = { key: string; name: string };
type UnknownTenant = { sentence: string; near: NearTenant[] };

/** Tenants whose key, name or metadata is like a text that names no tenant. */
export async function nearTenants({ db }: Pick<Services, "db">, text: string): Promise<NearTenant[]> {
  const words = wordsOf(text.replaceAll(/[_.:/-]+/g, " ")).slice(0, maxSearchWords);
  if (words.length === 0) return [];
  for (const tried of [words, ...nearWords(words)]) {
    const found = await searchTenants(db.readAside, db.tables, tried, maxNear);
    if (found.length > 0) return found.map(({ key, name }) => ({ key, name }));
  }
  return [];
}

/** A sentence about a key that no tenant has, with similar tenants. */
async function unknownTenantOf(services: Pick<Services, "db">, key: string): Promise<UnknownTenant> {
  return { sentence: `There is no tenant ${shorten(key, 60)}.`, near: await nearTenants(services, key) };
}

/** The page of a tenant that does not exist, with links to those that may have been meant. */
export async function noSuchTenant(services: Pick<Services, "db">, key: string): Promise<Response> {
  const { sentence, near } = await unknownTenantOf(services, key);
  if (near.length === 0) return notFound(`${sentence} No key or name is like it. Look in the list of tenants.`);
  return notFound(
    sentence,
    near.map(({ key, name }) => ({ to: paths.tenant(key), name, key })),
  );
}

/** Null if the tenant exists. */
export async function tenantFilterNotice(services: Pick<Services, "db">, key: string): Promise<UnknownTenant | null> {
  const { db } = services;
  const names = await readTenantNames(db.readAside, db.tables, [key]);
  return names.has(key) ? null : unknownTenantOf(services, key);
}
