import type { Readings } from "~/core/answer";
import type { Catalogue } from "~/core/catalogue";
import { isLive } from "~/core/grant-lifetime";
import type { Instant, TenantFacts } from "~/core/model";
import { type TenantListQuery, withoutPlan } from "~/forms/tenant-list";
import type { Role } from "~db/schema";
import { addOnsOf, listTenants, liveTrialsOf, type TenantQuery } from "~db/store/tenants-list.server";
import { FactsUnavailable } from "./facts-cache.server";
import type { RequestContext, Services } from "./services.server";
import { mayAct, requireAdmin, type SignedIn } from "./sessions.server";

const pageSize = 50;
/** In milliseconds: what "ending soon" means in the list. */
export const endingSoon = 7 * 86_400_000;

export type PlanName = { key: string; name: string };

export const planName = (catalogue: Catalogue, key: string): PlanName => ({ key, name: catalogue.plans.get(key)?.name ?? key });

/** One page of the list, with what each row says of plans and trials. A page beyond the last one is the last one. */
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
  const addOns = new Map<string, string[]>();
  for (const { tenant, plan } of await addOnsOf(db.readAside, db.tables, keys)) {
    addOns.set(tenant, [...(addOns.get(tenant) ?? []), planName(catalogue, plan).name]);
  }
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
      addOns: addOns.get(key) ?? [],
      trials: trials.get(key)?.trials ?? 0,
      nextEnd: trials.get(key)?.nextEnd ?? null,
      createdAt: createdAt.getTime(),
      now,
    })),
  };
}
export type TenantListRow = Awaited<ReturnType<typeof tenantList>>["rows"][number];

/** The facts of one tenant as they are now, whoever changed them; null: there is none. */
export async function currentTenant({ facts }: Services, key: string): Promise<TenantFacts | null> {
  await facts.look();
  return (await facts.tenant(key)).facts;
}

export type TenantRequest = {
  admin: SignedIn;
  facts: TenantFacts;
  catalogue: Catalogue;
  now: Instant;
  /** Flags and consumption as they are known now. */
  readings: Readings;
  canChange: boolean;
};

/** The first line of every page of one tenant: who asks, and about whom. Throws the answer when there is no such tenant. */
export async function requireTenant(request: Request, context: RequestContext, key: string, least?: Role): Promise<TenantRequest> {
  const admin = await requireAdmin(request, context, least);
  const facts = await currentTenant(context, key).catch((error) => {
    if (error instanceof FactsUnavailable) throw new Response(null, { status: 503 });
    throw error;
  });
  if (!facts) {
    const shown = key.length > 60 ? `${key.slice(0, 59)}…` : key;
    throw new Response(`There is no tenant ${shown}. Look it up in the list, or create it.`, { status: 404, statusText: "Not Found" });
  }
  const now = context.now();
  const readings = context.checks.readings(await context.checks.ground(key), now);
  return { admin, facts, catalogue: context.facts.catalogue(), now, readings, canChange: mayAct(admin.role, "admin") };
}

/** What stands above every tab. */
export function tenantHead({ facts, catalogue, now, canChange }: TenantRequest) {
  const { key, name, status, plan, addOns } = facts;
  return {
    key,
    name,
    status,
    plan: plan === null ? null : planName(catalogue, plan),
    addOns: addOns.map((a) => planName(catalogue, a.plan)),
    liveGrants: facts.grants.filter((g) => isLive(g, now)).length,
    canChange,
  };
}
