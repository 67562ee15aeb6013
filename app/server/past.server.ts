import { answer } from "~/core/answer";
import { type Catalogue, compileCatalogue } from "~/core/catalogue";
import type { Decision } from "~/core/decide";
import type { Instant, TenantFacts, Usage } from "~/core/model";
import { counterAt, reportsAreLateAfter } from "~/core/usage";
import type { Database } from "~db/database";
import { readCatalogueFacts, readTenantFacts } from "~db/store/facts.server";
import { readFlagReadings } from "~db/store/flag-readings.server";
import { readTotalsAt } from "~db/store/usage.server";
import type { Services } from "./services.server";

export type AnswerThen = ReturnType<typeof answer> & { tenant: TenantFacts | null; catalogue: Catalogue; decisions: Decision[] };

/** How far back it is known what each counter was at any instant, in milliseconds. */
const usageIsKnownFor = reportsAreLateAfter;

/**
 * What a check was told at an instant that is past: the facts and the consumption that were recorded by then, flags as they were
 * known then without a user. At an instant to come: what is known now will say then.
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
