import { compileCatalogue } from "~/core/catalogue/catalogue";
import { countersAt } from "~/core/decision/counters";
import { decide } from "~/core/decision/decide";
import { usagePeriod } from "~/core/decision/usage-period";
import { endOf, isLive } from "~/core/grants/grant-lifetime";
import type { Grant } from "~/core/model";
import { day, isoDay } from "~/core/time";
import { fillOf } from "~/core/usage/limit-fill";
import type { Services } from "~/server/services.server";
import { noTrialEnd } from "~db/schema/usage-figures";
import { readCatalogueFacts } from "~db/store/facts.server";
import { grantOf } from "~db/store/grants.server";
import { readTenantsByKey } from "~db/store/tenant-documents.server";

const sorted = (rows: unknown[]) => rows.map((row) => JSON.stringify(row)).sort();

/** The figures as stored, without what only says when they were computed. */
export async function storedFigures({ db: { read, tables: t } }: Services) {
  const stats = await read.select().from(t.tenantStats);
  const levels = await read.select().from(t.usageLevels);
  return {
    features: sorted((await read.select().from(t.featureDaily)).map((f) => [f.day, f.feature, f.allowed, f.source, f.count, f.tenants])),
    refused: sorted((await read.select().from(t.refusedTenants)).map((r) => [r.feature, r.tenant, r.plan, r.lastDay])),
    checks: sorted(stats.flatMap((s) => (s.checks30d > 0 ? [[s.tenant, s.checks30d, s.refused30d]] : []))),
    last: sorted(stats.flatMap((s) => (s.lastCheckedAt ? [[s.tenant, s.lastCheckedAt.getTime()]] : []))),
    fullest: sorted(stats.flatMap((s) => (s.fullestLimit >= 0 ? [[s.tenant, s.fullestLimit]] : []))),
    levels: sorted(levels.map((l) => [l.tenant, l.feature, l.plan, l.fill])),
    trialEnds: sorted(stats.map((s) => [s.tenant, s.nextTrialEnd === noTrialEnd ? null : s.nextTrialEnd])),
  };
}

/** The same figures, computed row by row from counts, totals and facts. */
export async function figuresByBruteForce({ db: { read, tables: t }, now }: Services) {
  const counts = await read.select().from(t.checkCounts);
  const tenants = await read.select().from(t.tenants);
  const grants = await read.select().from(t.grants);
  const planOf = (key: string) => tenants.find((one) => one.key === key)?.plan ?? "";
  const first = isoDay(now() - 29 * day);
  const features = new Map<string, { key: unknown[]; count: number; tenants: Set<string> }>();
  const refused = new Map<string, string>();
  const checks = new Map<string, { all: number; refused: number }>();
  const last = new Map<string, number>();
  for (const c of counts) {
    const key = [c.day, c.feature, c.allowed, c.source];
    const of = features.get(key.join("\n")) ?? { key, count: 0, tenants: new Set() };
    of.count += c.count;
    of.tenants.add(c.tenant);
    features.set(key.join("\n"), of);
    const pair = `${c.feature}\n${c.tenant}`;
    if (!c.allowed && c.day > (refused.get(pair) ?? "")) refused.set(pair, c.day);
    last.set(c.tenant, Math.max(last.get(c.tenant) ?? 0, c.lastAt.getTime()));
    if (c.day < first) continue;
    const sum = checks.get(c.tenant) ?? { all: 0, refused: 0 };
    sum.all += c.count;
    if (!c.allowed) sum.refused += c.count;
    checks.set(c.tenant, sum);
  }
  const levels = await levelsByBruteForce({ db: { read, tables: t }, now } as Services);
  const fullest = new Map<string, number>();
  for (const [tenant, , , fill] of levels) if (fill >= 0) fullest.set(tenant, Math.max(fullest.get(tenant) ?? 0, fill));
  return {
    features: sorted([...features.values()].map(({ key, count, tenants }) => [...key, count, tenants.size])),
    refused: sorted([...refused].map(([pair, lastDay]) => [...pair.split("\n"), planOf(pair.split("\n")[1] as string), lastDay])),
    checks: sorted([...checks].map(([tenant, { all, refused }]) => [tenant, all, refused])),
    last: sorted([...last]),
    fullest: sorted([...fullest]),
    levels: sorted(levels),
    trialEnds: sorted(tenants.map(({ key }) => [key, nextTrialEnd(grants.filter((g) => g.tenant === key).map(grantOf), now())])),
  };
}

function nextTrialEnd(grants: Grant[], now: number): number | null {
  const ends = grants.flatMap((g) => (g.kind === "trial" && isLive(g, now) ? [endOf(g) as number] : []));
  return ends.length > 0 ? Math.min(...ends) : null;
}

async function levelsByBruteForce({ db: { read, tables: t }, now }: Services): Promise<[string, string, string, number][]> {
  const catalogue = compileCatalogue(await readCatalogueFacts(read, t));
  const totals = await read.select().from(t.usageTotals);
  const keys = (await read.select().from(t.tenants)).map(({ key }) => key);
  const levels: [string, string, string, number][] = [];
  for (const [key, facts] of await readTenantsByKey(read, t, keys)) {
    if (!facts || facts.status === "archived") continue;
    for (const feature of catalogue.features.values()) {
      if (feature.type !== "metered" || feature.archivedAt !== null) continue;
      const usedAt = (at: number) => {
        const counters = countersAt(feature, facts, at);
        if (counters[0].periodKind !== feature.meter.resetPeriod) return 0;
        let sum = 0;
        for (const { periodKind, periodStart } of counters) {
          const isOf = (u: (typeof totals)[number]) => u.periodKind === periodKind && u.periodStart === periodStart;
          const total = totals.find((u) => u.tenant === key && u.feature === feature.key && isOf(u));
          sum += total?.used ?? 0;
          if (total?.setAt) break;
        }
        return Math.max(0, sum);
      };
      const { start } = usagePeriod(feature.meter.resetPeriod, now(), facts.usageAnchor);
      const used = usedAt(now());
      if (used === 0 && (start === null || usedAt(start - 1) === 0)) continue;
      const { amount } = decide({ tenant: facts, catalogue, feature: feature.key, now: now(), usage: { used } });
      levels.push([key, feature.key, facts.plan ?? "", fillOf(used, amount?.limit ?? null)]);
    }
  }
  return levels;
}
