import type { Feature, Plan } from "~/core/model";
import { searchNamed } from "~/core/search/catalogue-search";
import { nearWords } from "~/core/search/near-words";
import type { FoundGroup, SearchResults } from "~/core/search/results";
import { catalogueNow } from "~/server/catalogue/catalogue-pages.server";
import type { Services } from "~/server/services.server";
import { searchTenants } from "~db/store/tenant-search.server";

/** Tenants, features and plans that hold all words, best first, up to `max` of each. */
export async function searchAll(services: Services, words: readonly string[], max: number): Promise<SearchResults> {
  const { db } = services;
  const { catalogue } = await catalogueNow(services);
  const tenants = words.length === 0 ? [] : await searchTenants(db.readAside, db.tables, words, max + 1);
  const named = <T extends Feature | Plan>(all: Map<string, T>) => (words.length === 0 ? [] : searchNamed(all.values(), words));
  const planOf = (key: string | null) => (key === null ? null : { key, name: catalogue.plans.get(key)?.name ?? key });
  return {
    tenants: cut(
      tenants.map(({ plan, ...tenant }) => ({ ...tenant, plan: planOf(plan) })),
      max,
    ),
    features: cut(
      named(catalogue.features).map(({ key, name, type, group, archivedAt }) => ({
        key,
        name,
        type,
        group,
        isArchived: archivedAt !== null,
      })),
      max,
    ),
    plans: cut(
      named(catalogue.plans).map(({ key, name, kind, archivedAt }) => ({ key, name, kind, isArchived: archivedAt !== null })),
      max,
    ),
  };
}

const cut = <T>(rows: T[], max: number): FoundGroup<T> => ({ rows: rows.slice(0, max), hasMore: rows.length > max });

export const isNothing = ({ tenants, features, plans }: SearchResults): boolean =>
  tenants.rows.length + features.rows.length + plans.rows.length === 0;

/** Of each kind. */
const maxNear = 5;

/** For a search that found nothing: what begins alike, then what matches one of the words. Null if nothing is near. */
export async function searchNear(services: Services, words: readonly string[]): Promise<SearchResults | null> {
  for (const tried of nearWords(words)) {
    const found = await searchAll(services, tried, maxNear);
    if (!isNothing(found)) return found;
  }
  return null;
}
