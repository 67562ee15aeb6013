import { LRUCache } from "lru-cache";
import { type Catalogue, compileCatalogue } from "~/core/catalogue/catalogue";
import { answer, type Readings } from "~/core/decision/answer";
import { countersAt, usedIn } from "~/core/decision/counters";
import type { Decision } from "~/core/decision/decide";
import { counterOfTenantId, reportsAreLateAfter } from "~/core/decision/usage";
import type { Instant, TenantFacts, Usage } from "~/core/model";
import { effective } from "~/core/schedules/effective";
import { unguarded } from "~/server/authority.server";
import type { Services } from "~/server/services.server";
import type { Database } from "~db/database";
import { emptyCatalogue, readCatalogueFactsAt, readCatalogueRevision, readTenantFacts } from "~db/store/facts.server";
import { readFlagReadings } from "~db/store/flag-readings.server";
import { readTotalsAt } from "~db/store/usage-totals.server";

export type AnswerThen = ReturnType<typeof answer> & { tenant: TenantFacts | null; catalogue: Catalogue; decisions: Decision[] };

/** How far back counters are known at any instant, in ms. */
export const usageIsKnownFor = reportsAreLateAfter;

/** What a check was computed from at an instant. */
type ContextThen = { tenant: TenantFacts | null; catalogue: Catalogue; readings: Readings };

/** At a past instant: facts and usage recorded by then, and flags as cached then. At a future one: the current ones. */
export async function contextThen({ db, facts, now, posthog }: Services, tenantKey: string, at: Instant): Promise<ContextThen> {
  const { readAside: q, tables: t } = db;
  const by = at < now() ? at : undefined;
  await posthog?.flushLast();
  const [found, catalogue, flags] = await Promise.all([
    readTenantFacts(q, t, tenantKey, by),
    catalogueThen({ db, facts }, by),
    readFlagReadings(q, t, tenantKey, by),
  ]);
  const tenant = found && effective(found, catalogue, at);
  const used = await usedThen(db, tenant, catalogue, at, now());
  return { tenant, catalogue, readings: { usage: (key) => used.get(key), flag: (key) => flags.get(key) } };
}

/**
 * The answer a check got at a past instant: facts and usage recorded by then, and flags as cached then, without a user.
 * For a future instant: what current data will say then.
 */
export async function answerThen(
  services: Services,
  tenantKey: string,
  features: string[] | null,
  at: Instant,
  requested?: number,
): Promise<AnswerThen> {
  const { tenant, catalogue, readings } = await contextThen(services, tenantKey, at);
  const answered = answer({ key: tenantKey, tenant, catalogue, features, now: at, requested }, readings, false);
  return { ...answered, tenant, catalogue };
}

/** Compiling a large catalogue takes longer than a request may hold the event loop, so a few past ones are kept. */
const maxPastCatalogues = 4;
const pastCatalogues = new WeakMap<Database, LRUCache<number, Promise<Catalogue>>>();

export async function catalogueThen({ db, facts }: Pick<Services, "db" | "facts">, by: Instant | undefined): Promise<Catalogue> {
  const { readAside: q, tables: t } = db;
  const revision = await readCatalogueRevision(q, t, by);
  const current = facts.catalogue();
  if (current.revision === revision) return current;
  const owner = unguarded(db);
  const cache = pastCatalogues.get(owner) ?? new LRUCache<number, Promise<Catalogue>>({ max: maxPastCatalogues });
  pastCatalogues.set(owner, cache);
  const compiling = cache.get(revision) ?? readCatalogueFactsAt(q, t, revision).then((read) => compileCatalogue(read ?? emptyCatalogue));
  cache.set(revision, compiling);
  // A failed read is not kept.
  compiling.catch(() => cache.delete(revision));
  return compiling;
}

async function usedThen(db: Database, tenant: TenantFacts | null, catalogue: Catalogue, at: Instant, now: Instant) {
  if (!tenant) return new Map<string, Usage>();
  const counters = [...catalogue.features.values()].flatMap((f) => (f.type === "metered" ? [countersAt(f, tenant, at)] : []));
  const totals = await readTotalsAt(db.readAside, db.tables, tenant.key, counters.flat(), at, now - usageIsKnownFor);
  const sums = new Map(totals.map(({ total, ...counter }) => [counterOfTenantId(counter), total]));
  return new Map(
    counters.flatMap((ofOne): [string, Usage][] => {
      const found = ofOne.map((counter) => sums.get(counterOfTenantId(counter))).filter((sum) => sum !== undefined);
      if (found.length === 0) return [];
      const used = found.includes(null) ? null : usedIn(found, (sum) => sum ?? undefined);
      return [[ofOne[0].feature, { used }]];
    }),
  );
}
