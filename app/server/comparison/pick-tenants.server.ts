import { wordsOf } from "~/core/search/search-words";
import { meant } from "~/core/search/subjects";
import { maxSearchWords } from "~/forms/search/search-query";
import { maxCompared } from "~/forms/usage/usage-ranges";
import type { Services } from "~/server/services.server";
import { type NearTenant, nearTenants } from "~/server/tenants/near-tenants.server";
import { currentTenant } from "~/server/tenants/tenants.server";
import { searchTenants } from "~db/store/tenant-search.server";

const maxNear = 6;

/** `near`: tenants that may be meant by a text that names none. */
export type PickedTenant = { text: string; key: string } | { text: string; key: null; near: NearTenant[] };

/** Finds the tenants that texts name: by key, or by words that only one tenant holds. The texts after the fourth are left out. */
export async function pickTenants(services: Services, texts: readonly string[]): Promise<{ picked: PickedTenant[]; leftOut: string[] }> {
  const picked: PickedTenant[] = [];
  for (const text of texts.slice(0, maxCompared)) picked.push(await pickTenant(services, text));
  return { picked, leftOut: texts.slice(maxCompared) };
}

async function pickTenant(services: Services, text: string): Promise<PickedTenant> {
  const { db } = services;
  if (await currentTenant(services, text)) return { text, key: text };
  const words = wordsOf(text).slice(0, maxSearchWords);
  if (words.length === 0) return { text, key: null, near: [] };
  const found = await searchTenants(db.readAside, db.tables, words, maxNear);
  const only = meant(found, words);
  if (only) return { text, key: only.key };
  const near = found.length > 0 ? found.map(({ key, name }) => ({ key, name })) : await nearTenants(services, text);
  return { text, key: null, near };
}
