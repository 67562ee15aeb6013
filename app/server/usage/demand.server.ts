import { reasonMessage } from "~/core/decision/reason-message";
import { day, isoDay } from "~/core/time";
import { lowestPlanFor } from "~/core/usage/next-plan";
import { cursorOf } from "~/forms/pagination";
import { drawBars } from "~/server/charts/bar-drawing.server";
import { decideWindow } from "~/server/facts/window-decisions.server";
import type { Services } from "~/server/services.server";
import {
  checksByDay,
  type RefusedPlace,
  refusalsByFeature,
  refusalsOfTenants,
  refusedPlans,
  refusedTenantsOf,
} from "~db/store/demand.server";
import { fillDays, staleFiguresSince } from "./home-figures.server";

const featuresPerPage = 25;
const tenantsPerPage = 25;
/** Plans named in a row of the list. */
const maxPlansShown = 3;

export const demandStart = (now: number, days: number) => isoDay(now - (days - 1) * day);

/** Features refused in the last `days` UTC days, today included, those refused most first. */
export async function demandRows(
  { db, facts, now }: Services,
  days: number,
  { after, skip, size }: { after?: { refusals: number; feature: string }; skip: number; size: number },
) {
  const { readAside: q, tables } = db;
  const catalogue = facts.catalogue();
  const from = demandStart(now(), days);
  const all = await refusalsByFeature(q, tables, { from });
  const before = new Map(
    (await refusalsByFeature(q, tables, { from: demandStart(now(), 2 * days), to: from })).map((row) => [row.feature, row.refusals]),
  );
  const isAfter = (row: (typeof all)[number]) =>
    !after || row.refusals < after.refusals || (row.refusals === after.refusals && row.feature > after.feature);
  const page = all.filter(isAfter).slice(skip, skip + size);
  const plans = await refusedPlans(
    q,
    tables,
    page.map(({ feature }) => feature),
    from,
  );
  const nameOf = (plan: string) => catalogue.plans.get(plan)?.name ?? plan;
  const rows = page.map(({ feature, refusals }) => {
    const held = plans.get(feature) ?? [];
    const next = lowestPlanFor(catalogue, feature, held[0]?.plan ?? "");
    return {
      feature: { key: feature, name: catalogue.features.get(feature)?.name ?? feature, isKnown: catalogue.features.has(feature) },
      refusals,
      previous: before.get(feature) ?? 0,
      tenants: held.reduce((sum, { tenants }) => sum + tenants, 0),
      plans: held.map(({ plan, tenants }) => ({ key: plan || null, name: plan === "" ? "No plan" : nameOf(plan), tenants })),
      next: next === null ? null : { key: next, name: nameOf(next) },
    };
  });
  return { rows, total: all.length, refusals: all.reduce((sum, row) => sum + row.refusals, 0) };
}

export async function demandPage(services: Services, { days, page }: { days: number; page: number }) {
  await services.facts.look();
  const skip = (page - 1) * featuresPerPage;
  const { rows, total, refusals } = await demandRows(services, days, { skip, size: featuresPerPage });
  const shown = rows.map(({ plans, ...row }) => ({
    ...row,
    plans: plans.slice(0, maxPlansShown),
    morePlans: Math.max(0, plans.length - maxPlansShown),
  }));
  const bars = await refusalsByDay(services, days);
  return {
    ...{ rows: shown, total, refusals, days, page, pageSize: featuresPerPage },
    ...{ bars, drawing: drawBars(bars.map(({ refused }) => [refused])) },
    staleSince: await staleFiguresSince(services),
  };
}

/** Refused checks of all tenants on each of the last `days` UTC days, oldest first. */
async function refusalsByDay({ db, now }: Services, days: number): Promise<{ label: string; refused: number }[]> {
  const first = now() - (days - 1) * day;
  const rows = await checksByDay(db.readAside, db.tables, { from: isoDay(first) });
  return fillDays(first, days, rows).map(({ label, refused }) => ({ label, refused }));
}

/** Tenants to which a feature was refused, the latest first, with what a check would say now. Null without such a feature. */
export async function refusedTenantsPage(services: Services, feature: string, { days, after }: { days: number; after?: [string, string] }) {
  const { db, facts, now } = services;
  await facts.look();
  const catalogue = facts.catalogue();
  const known = catalogue.features.get(feature);
  if (!known) return null;
  const from = demandStart(now(), days);
  const place: RefusedPlace | undefined = after && { lastDay: after[0], tenant: after[1] };
  const found = await refusedTenantsOf(db.readAside, db.tables, { feature, from, after: place, size: tenantsPerPage + 1 });
  const page = found.slice(0, tenantsPerPage);
  const keys = page.map(({ tenant }) => tenant);
  const counts = await refusalsOfTenants(db.readAside, db.tables, feature, keys, from);
  const decided = await decideWindow(services, keys, [known]);
  const rows = page.flatMap(({ tenant, lastDay }) => {
    const { facts, decisions: [decision] = [] } = decided.get(tenant) ?? {};
    if (!facts || !decision) return [];
    const next = decision.entitled ? undefined : decision.availableIn[0];
    return [
      {
        ...{ key: tenant, name: facts.name, lastDay },
        plan: facts.plan === null ? null : { key: facts.plan, name: catalogue.plans.get(facts.plan)?.name ?? facts.plan },
        refusals: counts.get(tenant) ?? 0,
        isAllowedNow: decision.entitled,
        message: reasonMessage(decision, facts, catalogue),
        next: next ? (catalogue.plans.get(next)?.name ?? next) : null,
      },
    ];
  });
  const last = page.at(-1);
  return {
    feature: { key: feature, name: known.name, isArchived: known.archivedAt !== null },
    ...{ rows, days, staleSince: await staleFiguresSince(services) },
    next: found.length > tenantsPerPage && last ? cursorOf(last.lastDay, last.tenant) : null,
  };
}
