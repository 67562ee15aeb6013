import { type Catalogue, compileCatalogue } from "~/core/catalogue/catalogue";
import { answer } from "~/core/decision/answer";
import type { Decision } from "~/core/decision/decide";
import { counterAt, reportsAreLateAfter } from "~/core/decision/usage";
import type { Instant, TenantFacts, Usage } from "~/core/model";
import type { Services } from "~/server/services.server";
import type { Database } from "~db/database";
import { readCatalogueFacts, readTenantFacts } from "~db/store/facts.server";
import { readFlagReadings } from "~db/store/flag-readings.server";
import { readTotalsAt } from "~db/store/usage-totals.server";

export type AnswerThen = ReturnType<typeof answer> & { tenant: TenantFacts | null; catalogue: Catalogue; decisions: Decision[] };

/** How far back counters are known at any instant, in ms. */
const usageIsKnownFor = reportsAreLateAfter;

/**
 * The answer a check got at a past instant: facts and usage recorded by then, and flags as cached then, without a user.
 * For a future instant: what current data will say then.
 */
export async function answerThen(
  { db, now, posthog }: Services,
  tenantKey: string,
  features: string[] | null,
  at: Instant,
  requested?: number,
): Promise<AnswerThen> {
  const { readAside: q, tables: t } = db;
  const by = at < now() ? at : undefined;
  await posthog?.flushLast();
  const [tenant, facts, flags] = await Promise.all([
    readTenantFacts(q, t, tenantKey, by),
    readCatalogueFacts(q, t, by),
    readFlagReadings(q, t, tenantKey, by),
  ]);
  const catalogue = compileCatalogue(facts);
  const used = await usedThen(db, tenant, catalogue, at, now());
  const question = { key: tenantKey, tenant, catalogue, features, now: at, requested };
  const answered = answer(question, { usage: (key) => used.get(key), flag: (key) => flags.get(key) }, false);
  return { ...answered, tenant, catalogue };
}

async function usedThen(db: Database, tenant: TenantFacts | null, catalogue: Catalogue, at: Instant, now: Instant) {
  if (!tenant) return new Map<string, Usage>();
  const counters = [...catalogue.features.values()].flatMap((f) => (f.type === "metered" ? [counterAt(f, tenant, at)] : []));
  const totals = await readTotalsAt(db.readAside, db.tables, tenant.key, counters, at, now - usageIsKnownFor);
  return new Map(totals.map(({ feature, used }) => [feature, { used }]));
}
