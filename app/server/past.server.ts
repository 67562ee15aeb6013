import { answer } from "~/core/answer";
import { compileCatalogue } from "~/core/catalogue";
import type { FlagReading, Instant, TenantFacts } from "~/core/model";
import { counterStart } from "~/core/usage";
import { readCatalogueFacts, readTenantFacts } from "~db/store/facts.server";
import { readFlagValues } from "~db/store/flag-values.server";
import { readTotals } from "~db/store/usage.server";
import type { Services } from "./services.server";

/**
 * What was told at an instant that is past: the facts that were recorded by then, flags as last known by then. Consumption
 * is what the period of that instant has by now: reports of it may come late.
 */
export async function answerThen({ db }: Services, tenantKey: string, features: string[] | null, at: Instant, requested?: number) {
  const { read: q, tables: t } = db;
  const [tenant, facts, flags] = await Promise.all([
    readTenantFacts(q, t, tenantKey, at),
    readCatalogueFacts(q, t, at),
    readFlagValues(q, t, tenantKey),
  ]);
  const catalogue = compileCatalogue(facts);
  const used = await usedThen(db, tenant, catalogue, at);
  const last = new Map(flags.filter((f) => f.seenAt <= at).map((f): [string, FlagReading] => [f.flag, { state: "unknown", last: f }]));
  const question = { key: tenantKey, tenant, catalogue, features, now: at, requested };
  return answer(question, { usage: (key) => used.get(key), flag: (key) => last.get(key) }, false);
}

async function usedThen(db: Services["db"], tenant: TenantFacts | null, catalogue: ReturnType<typeof compileCatalogue>, at: Instant) {
  if (!tenant) return new Map<string, { used: number }>();
  const counters = [...catalogue.features.values()].flatMap((f) =>
    f.type === "metered" ? [{ feature: f.key, periodStart: counterStart(f, tenant, at) }] : [],
  );
  const totals = await readTotals(db.read, db.tables, tenant.key, counters);
  return new Map(totals.map(({ feature, used }) => [feature, { used }]));
}
