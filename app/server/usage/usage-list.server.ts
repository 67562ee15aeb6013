import type { z } from "zod";
import { shortChoices } from "~/core/catalogue/choices";
import { foldText } from "~/core/plain-text";
import { fullLimit, nearLimit } from "~/core/usage/limit-fill";
import { projectedUse } from "~/core/usage/projection";
import type { usageListQuery } from "~/forms/api-queries";
import { cursorOf } from "~/forms/pagination";
import { withoutPlan } from "~/forms/tenants/tenant-list-params";
import type { UsageListQuery } from "~/forms/usage/usage-pages";
import type { Services } from "~/server/services.server";
import { type LevelFilter, type LevelPlace, levelsAfter, tenantsFilled } from "~db/store/demand.server";
import { staleFiguresSince } from "./home-figures.server";
import { type UsageLevel, usageLevelsOf } from "./usage-levels.server";

const pageSize = 25;
/** Rows of a CSV file. */
export const maxExportedUsage = 10_000;
const exportBatch = 500;

const minFills = { "80": nearLimit, "100": fullLimit };

const filterOf = ({ q, feature, plan, level }: UsageListQuery): LevelFilter => ({
  search: foldText(q).trim() || undefined,
  feature: feature || undefined,
  plan: plan === "" ? undefined : plan === withoutPlan ? "" : plan,
  minFill: level && minFills[level],
});

const placeOf = ([fill, tenant, feature]: [number, string, string]): LevelPlace => ({ fill, tenant, feature });
export const usageCursorOf = ({ fill, tenant, feature }: LevelPlace) => cursorOf(fill, tenant, feature);

/** Rows in the stored order, each decided now. A row that time has emptied since is omitted. */
export async function usageRows(
  { db, facts, now }: Services,
  filter: LevelFilter,
  { after, size }: { after?: LevelPlace; size: number },
): Promise<{ rows: UsageRow[]; last: LevelPlace | null }> {
  const found = await levelsAfter(db.readAside, db.tables, filter, { after, size: size + 1 });
  const page = found.slice(0, size);
  const catalogue = facts.catalogue();
  const at = now();
  const levels = await usageLevelsOf({ db, catalogue, now: at }, [...new Set(page.map(({ tenant }) => tenant))]);
  const rows = page.flatMap(({ tenant, feature }) => {
    const level = levels.get(tenant)?.find((one) => one.feature.key === feature);
    return level ? [rowOf(level, at)] : [];
  });
  return { rows, last: found.length > size ? (page.at(-1) ?? null) : null };
}

function rowOf(level: UsageLevel, now: number) {
  const { tenant, feature, used, previous, limit, fill, period } = level;
  return {
    tenant: { key: tenant.key, name: tenant.name, plan: tenant.plan },
    feature: { key: feature.key, name: feature.name, unit: feature.meter.unit },
    resetPeriod: feature.meter.resetPeriod,
    ...{ used, previous, limit, fill },
    projected: projectedUse(level, now),
    resetsAt: period.end,
  };
}
export type UsageRow = ReturnType<typeof rowOf>;

/** The API's list. */
export async function usagePage(services: Services, { cursor, limit, search, minPercent, ...filter }: z.output<typeof usageListQuery>) {
  await services.facts.look();
  const wanted: LevelFilter = {
    search: foldText(search ?? "").trim() || undefined,
    feature: filter.feature,
    plan: filter.plan === withoutPlan ? "" : filter.plan,
    minFill: minPercent === undefined ? undefined : minPercent * 100,
  };
  return usageRows(services, wanted, { after: cursor && placeOf(cursor), size: limit });
}

/** Tenants and metered features, the fullest limit first. */
export async function usageList(services: Services, query: UsageListQuery) {
  const { db, facts, now } = services;
  await facts.look();
  const catalogue = facts.catalogue();
  const { rows, last } = await usageRows(services, filterOf(query), { after: query.after && placeOf(query.after), size: pageSize });
  const full = await tenantsFilled(db.readAside, db.tables, fullLimit);
  return {
    now: now(),
    rows: rows.map(({ tenant, feature, resetPeriod: _, ...row }) => ({
      ...row,
      tenant: { key: tenant.key, name: tenant.name },
      feature: { key: feature.key, name: feature.name },
      planName: tenant.plan && (catalogue.plans.get(tenant.plan)?.name ?? tenant.plan),
    })),
    next: last && usageCursorOf(last),
    full,
    near: (await tenantsFilled(db.readAside, db.tables, nearLimit)) - full,
    features: shortChoices([...catalogue.features.values()].filter(({ type, archivedAt }) => type === "metered" && archivedAt === null)),
    plans: shortChoices([...catalogue.plans.values()].filter(({ kind }) => kind === "base")),
    staleSince: await staleFiguresSince(services),
  };
}

/** The same list for a file. `isCut`: the last batch, with more to come. */
export async function* exportedUsage(services: Services, query: UsageListQuery): AsyncGenerator<{ rows: UsageRow[]; isCut: boolean }> {
  await services.facts.look();
  let after = query.after && placeOf(query.after);
  for (let read = exportBatch; read <= maxExportedUsage; read += exportBatch) {
    const { rows, last } = await usageRows(services, filterOf(query), { after, size: exportBatch });
    yield { rows, isCut: last !== null && read === maxExportedUsage };
    if (!last) return;
    after = last;
  }
}
