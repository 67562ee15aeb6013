import { type Decision, decide } from "~/core/decision/decide";
import { reasonMessage } from "~/core/decision/reason-message";
import { counterPeriodAt } from "~/core/decision/usage";
import type { TenantFacts } from "~/core/model";
import { day, isoDay } from "~/core/time";
import { lowestPlanFor } from "~/core/usage/next-plan";
import { cursorOf } from "~/forms/pagination";
import type { Services } from "~/server/services.server";
import { type RefusedPlace, refusalsByFeature, refusalsOfTenants, refusedPlans, refusedTenantsOf } from "~db/store/demand.server";
import { readTenantsByKey } from "~db/store/tenant-documents.server";
import { readLastFlags } from "~db/store/usage-levels.server";
import { readTotalsOf } from "~db/store/usage-totals.server";
import { staleFiguresSince } from "./home-figures.server";

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
  return { rows: shown, total, refusals, days, page, pageSize: featuresPerPage, staleSince: await staleFiguresSince(services) };
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
  const decisions = await decideForTenants(services, feature, keys);
  const rows = page.flatMap(({ tenant, lastDay }) => {
    const decided = decisions.get(tenant);
    if (!decided) return [];
    const { facts, decision } = decided;
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

/** Decides one feature for the tenants of a page, with the last known value of its flag. */
async function decideForTenants({ db, facts, now }: Services, featureKey: string, keys: string[]) {
  const { readAside: q, tables } = db;
  const catalogue = facts.catalogue();
  const feature = catalogue.features.get(featureKey);
  const tenants = [...(await readTenantsByKey(q, tables, keys)).values()].filter((t): t is TenantFacts => t !== null);
  const at = now();
  const counters =
    feature?.type === "metered"
      ? tenants.map((t) => ({ tenant: t.key, feature: featureKey, ...counterPeriodAt(feature.meter.resetPeriod, t, at) }))
      : [];
  const used = new Map((await readTotalsOf(q, tables, counters)).map((total) => [total.tenant, total.used]));
  const flags = feature?.flag ? await readLastFlags(q, tables, keys) : null;
  return new Map(
    tenants.map((tenant): [string, { facts: TenantFacts; decision: Decision }] => {
      const last = feature?.flag ? flags?.get(tenant.key)?.get(feature.flag.key) : undefined;
      const flag = feature?.flag ? { state: "unknown" as const, ...(last ? { last } : {}) } : undefined;
      const usage = { used: used.get(tenant.key) ?? 0 };
      return [tenant.key, { facts: tenant, decision: decide({ tenant, catalogue, feature: featureKey, now: at, usage, flag }) }];
    }),
  );
}
