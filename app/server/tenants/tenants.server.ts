import type { z } from "zod";
import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Readings } from "~/core/decision/answer";
import { isLive } from "~/core/grants/grant-lifetime";
import type { Instant, TenantFacts, TenantStatus } from "~/core/model";
import { type Act, mayAct } from "~/core/permissions";
import { shorten } from "~/core/text";
import { day } from "~/core/time";
import type { tenantsQuery } from "~/forms/api-queries";
import { type TenantListQuery, withoutPlan } from "~/forms/tenants/tenant-list-query";
import { readTimeZone } from "~/forms/time-zone";
import { requireAdmin, type SignedIn } from "~/server/admins/sessions.server";
import { FactsUnavailable } from "~/server/facts/facts-cache.server";
import type { RequestContext, Services } from "~/server/services.server";
import { addOnsByTenant, listTenants, liveTrialsOf, type TenantFilter, type TenantQuery, tenantsAfter } from "~db/store/tenant-list.server";

const pageSize = 50;
/** Defines "ending soon" in the list, in ms. */
export const endingSoon = 7 * day;

export type PlanName = { key: string; name: string };

export const planName = (catalogue: Catalogue, key: string): PlanName => ({ key, name: catalogue.plans.get(key)?.name ?? key });

/** One page of the list with plans and trials. Past the end it is the last page. */
export async function tenantList(services: Services, query: TenantListQuery) {
  const { db, facts } = services;
  await facts.look();
  const catalogue = facts.catalogue();
  const now = services.now();
  const asked: TenantQuery = {
    search: query.q || undefined,
    plan: query.plan === withoutPlan ? "" : query.plan || undefined,
    status: query.status,
    trial: query.trial === "ending" ? endingSoon : query.trial,
    sort: query.sort.id,
    descending: query.sort.desc,
    page: query.page,
    size: pageSize,
    now,
  };
  let { rows, total } = await listTenants(db.readAside, db.tables, asked);
  let page = query.page;
  if (rows.length === 0 && total > 0) {
    page = Math.ceil(total / pageSize);
    ({ rows, total } = await listTenants(db.readAside, db.tables, { ...asked, page }));
  }
  const keys = rows.map((r) => r.key);
  const trials = new Map((await liveTrialsOf(db.readAside, db.tables, keys, now)).map((t) => [t.tenant, t]));
  const addOns = await addOnsByTenant(db.readAside, db.tables, keys);
  return {
    now,
    total,
    page,
    pageSize,
    sort: query.sort,
    plans: [...catalogue.plans.values()].map(({ key, name, kind }) => ({ key, name, kind })),
    rows: rows.map(({ key, name, status, plan, createdAt }) => ({
      key,
      name,
      status,
      plan: plan === null ? null : planName(catalogue, plan),
      addOns: (addOns.get(key) ?? []).map((addOn) => planName(catalogue, addOn).name),
      trials: trials.get(key)?.trials ?? 0,
      nextEnd: trials.get(key)?.nextEnd ?? null,
      createdAt: createdAt.getTime(),
      now,
    })),
  };
}
export type TenantListRow = Awaited<ReturnType<typeof tenantList>>["rows"][number];

/** A tenant's current facts including changes of other processes, or null. */
export async function currentTenant({ facts }: Services, key: string): Promise<TenantFacts | null> {
  await facts.look();
  return (await facts.tenant(key)).facts;
}

export type TenantRequest = {
  admin: SignedIn;
  facts: TenantFacts;
  catalogue: Catalogue;
  now: Instant;
  /** Current flag readings and usage. */
  readings: Readings;
  may: (act: Act) => boolean;
  /** The reader's time zone; UTC if it is not known. */
  zone: string;
};

/** Call first on every page of a tenant: authenticates and loads it. Throws the response if there is no such tenant. */
export async function requireTenant(request: Request, context: RequestContext, key: string, act: Act): Promise<TenantRequest> {
  const admin = await requireAdmin(request, context, act);
  const facts = await currentTenant(context, key).catch((error) => {
    if (error instanceof FactsUnavailable) throw new Response(null, { status: 503 });
    throw error;
  });
  if (!facts) {
    const sentence = `There is no tenant ${shorten(key, 60)}. Look it up in the list, or create it.`;
    throw new Response(sentence, { status: 404, statusText: "Not Found" });
  }
  const now = context.now();
  const readings = context.checks.readings(await context.checks.context(key), now);
  const zone = readTimeZone(request.headers.get("Cookie")) ?? "UTC";
  return { admin, facts, catalogue: context.facts.catalogue(), now, readings, may: (act) => mayAct(admin.role, act), zone };
}

/** The header above the tabs. */
export function tenantHead({ facts, catalogue, now, admin }: TenantRequest) {
  const { key, name, status, plan, addOns } = facts;
  return {
    key,
    name,
    status,
    plan: plan === null ? null : planName(catalogue, plan),
    addOns: addOns.map((a) => planName(catalogue, a.plan)),
    liveGrants: facts.grants.filter((g) => isLive(g, now)).length,
    role: admin.role,
  };
}

/** The API's list with a cursor. `last` is the cursor of the next page, or null. */
export async function tenantsPage({ db, now }: Services, query: z.output<typeof tenantsQuery>) {
  const { search, status, trial, cursor, limit } = query;
  const filter = {
    search,
    status,
    plan: query.plan === withoutPlan ? "" : query.plan,
    trial: trial === "ending" ? endingSoon : trial,
    now: now(),
  };
  const after = cursor && { searchText: cursor[0], key: cursor[1] };
  const found = await tenantsAfter(db.readAside, db.tables, filter, { after, size: limit + 1 });
  const page = found.slice(0, limit);
  const keys = page.map((row) => row.key);
  const addOns = await addOnsByTenant(db.readAside, db.tables, keys);
  const rows = page.map((row) => ({
    ...row,
    createdAt: row.createdAt.getTime(),
    usageAnchor: row.usageAnchor?.getTime() ?? null,
    addOns: addOns.get(row.key) ?? [],
  }));
  return { rows, last: found.length > limit ? (page.at(-1) ?? null) : null };
}

export type FoundTenant = {
  key: string;
  name: string;
  status: TenantStatus;
  plan: string | null;
  addOns: string[];
  liveTrials: number;
  createdAt: string;
};

/** Up to `limit` tenants by name, and the total. */
export async function findTenants(
  { db, now }: Services,
  filter: TenantFilter,
  limit: number,
): Promise<{ tenants: FoundTenant[]; total: number }> {
  const at = now();
  const asked = { ...filter, sort: "name" as const, descending: false, page: 1, size: limit, now: at };
  const { rows, total } = await listTenants(db.readAside, db.tables, asked);
  const tenants: FoundTenant[] = [];
  for (let from = 0; from < rows.length; from += batchSize) {
    const page = rows.slice(from, from + batchSize);
    const keys = page.map((r) => r.key);
    const trials = new Map((await liveTrialsOf(db.readAside, db.tables, keys, at)).map((t) => [t.tenant, t.trials]));
    const addOns = await addOnsByTenant(db.readAside, db.tables, keys);
    for (const { key, name, status, plan, createdAt } of page) {
      const liveTrials = trials.get(key) ?? 0;
      tenants.push({ key, name, status, plan, addOns: addOns.get(key) ?? [], liveTrials, createdAt: createdAt.toISOString() });
    }
  }
  return { tenants, total };
}

/** Keys per query: SQLite takes at most 32,766 parameters. */
const batchSize = 1_000;
