import type { Instant } from "~/core/model";
import { day, isoDay } from "~/core/time";
import { fullLimit, nearLimit } from "~/core/usage/limit-fill";
import type { Services } from "~/server/services.server";
import { checksByDay, fullestTenants, refusalsByFeature, refusedPlans, tenantsFilled } from "~db/store/demand.server";
import { readFiguresState } from "~db/store/figures-state.server";
import { readTenantNames } from "~db/store/tenant-documents.server";

const maxListed = 5;
const weekDays = 7;
const historyDays = 30;
/** An age that pages mention, in ms. */
const noticedAgeMs = 60_000;

type Parts = Pick<Services, "db" | "facts" | "now" | "tenantCounts" | "figures">;

export type NamedTenant = { key: string; name: string; fill: number };

async function named({ db }: Parts, rows: { tenant: string; fill: number }[]): Promise<NamedTenant[]> {
  const names = await readTenantNames(
    db.readAside,
    db.tables,
    rows.map(({ tenant }) => tenant),
  );
  return rows.map(({ tenant, fill }) => ({ key: tenant, name: names.get(tenant) ?? tenant, fill }));
}

/** Tenants with a limit at 100 % or over, and with one from 80 % on: how many, and the first five by their fullest limit. */
export async function tenantsNearLimits(services: Parts) {
  const { readAside: q, tables } = services.db;
  const full = await tenantsFilled(q, tables, fullLimit);
  const near = (await tenantsFilled(q, tables, nearLimit)) - full;
  return {
    full: { count: full, first: await named(services, await fullestTenants(q, tables, { minFill: fullLimit, size: maxListed })) },
    near: {
      count: near,
      first: await named(services, await fullestTenants(q, tables, { minFill: nearLimit, belowFill: fullLimit, size: maxListed })),
    },
  };
}

/** The five features refused most in the last 7 UTC days, today included, with how many tenants were refused. */
export async function featuresByRefusals({ db, facts, now }: Parts) {
  const { readAside: q, tables } = db;
  const from = isoDay(now() - (weekDays - 1) * day);
  const first = (await refusalsByFeature(q, tables, { from })).slice(0, maxListed);
  const plans = await refusedPlans(
    q,
    tables,
    first.map(({ feature }) => feature),
    from,
  );
  return first.map(({ feature, refusals }) => ({
    key: feature,
    name: facts.catalogue().features.get(feature)?.name ?? feature,
    refusals,
    tenants: (plans.get(feature) ?? []).reduce((sum, { tenants }) => sum + tenants, 0),
  }));
}

/** Checks of all tenants per UTC day of the last 30, today included, without gaps. */
export async function checksOfLastDays({ db, now }: Parts) {
  const first = now() - (historyDays - 1) * day;
  return fillDays(first, historyDays, await checksByDay(db.readAside, db.tables, { from: isoDay(first) }));
}

/** One entry per day, oldest first. */
export function fillDays(first: Instant, days: number, rows: { day: string; allowed: boolean; count: number }[]) {
  const byDay = new Map(Array.from({ length: days }, (_, i) => [isoDay(first + i * day), { allowed: 0, refused: 0 }]));
  for (const row of rows) {
    const one = byDay.get(row.day);
    if (one) one[row.allowed ? "allowed" : "refused"] += row.count;
  }
  return [...byDay].map(([label, one]) => ({ label, ...one }));
}

/** Active and suspended tenants per base plan by rank, those without a plan last. Of a large database up to 10 s old. */
export async function tenantsPerPlan({ facts, tenantCounts }: Parts) {
  const groups = (await tenantCounts.groups()).filter(({ status }) => status !== "archived");
  const sums = new Map<string | null, number>();
  for (const { plan, tenants } of groups) sums.set(plan, (sums.get(plan) ?? 0) + tenants);
  const plans = [...facts.catalogue().plans.values()].filter(({ key, kind }) => kind === "base" && sums.has(key));
  const list = plans.map(({ key, name }) => ({ key: key as string | null, name, tenants: sums.get(key) ?? 0 }));
  return sums.has(null) ? [...list, { key: null, name: "No plan", tenants: sums.get(null) ?? 0 }] : list;
}

/** When the figures last contained everything, if they do not and that is over a minute ago; otherwise null. 0: never. */
export async function staleFiguresSince({ db, figures, now }: Parts): Promise<Instant | null> {
  const completedAt = (await readFiguresState(db.readAside, db.tables))?.completedAt ?? 0;
  if (completedAt > now() - noticedAgeMs) return null;
  return (await figures.isBehind()) ? completedAt : null;
}
