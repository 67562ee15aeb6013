import type { z } from "zod";
import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Readings } from "~/core/decision/answer";
import { isLive } from "~/core/grants/grant-lifetime";
import type { Instant, TenantFacts, TenantStatus } from "~/core/model";
import { type Act, mayAct } from "~/core/permissions";
import { effective } from "~/core/schedules/effective";
import type { TenantFilter } from "~/core/tenants/tenant-filter";
import { tenantFilterOf, type tenantsQuery } from "~/forms/api-queries";
import { readTimeZone } from "~/forms/time-zone";
import { requireAdmin, type SignedIn } from "~/server/admins/sessions.server";
import { FactsUnavailable } from "~/server/facts/facts-cache.server";
import type { RequestContext, Services } from "~/server/services.server";
import { addOnsByTenant, countMatchingTenants, liveTrialsOf, tenantsAfter } from "~db/store/tenant-list.server";
import { noSuchTenant } from "./near-tenants.server";
import { matchingTenantsAfter } from "./tenant-matches.server";

export type PlanName = { key: string; name: string };

export const planName = (catalogue: Catalogue, key: string): PlanName => ({ key, name: catalogue.plans.get(key)?.name ?? key });

/** A tenant's facts as they are now, with changes of other processes and those that are due, or null. */
export async function currentTenant({ facts, now }: Services, key: string): Promise<TenantFacts | null> {
  await facts.look();
  const { facts: found } = await facts.tenant(key);
  return found && effective(found, facts.catalogue(), now());
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
  const current = await currentTenant(context, key).catch((error) => {
    if (error instanceof FactsUnavailable) throw new Response(null, { status: 503 });
    throw error;
  });
  if (!current) {
    throw await noSuchTenant(context, key);
  }
  const now = context.now();
  const readings = context.checks.readings(await context.checks.context(key), now);
  const zone = readTimeZone(request.headers.get("Cookie")) ?? "UTC";
  const catalogue = context.facts.catalogue();
  return { admin, facts: effective(current, catalogue, now), catalogue, now, readings, may: (act) => mayAct(admin.role, act), zone };
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
export async function tenantsPage(services: Services, query: z.output<typeof tenantsQuery>) {
  const { db, facts } = services;
  const { cursor, limit } = query;
  await facts.look();
  const after = cursor && { searchText: cursor[0], key: cursor[1] };
  const { rows: page, next } = await matchingTenantsAfter(services, tenantFilterOf(query), { after, size: limit });
  const keys = page.map((row) => row.key);
  const addOns = await addOnsByTenant(db.readAside, db.tables, keys);
  const rows = page.map((row) => ({
    ...row,
    createdAt: row.createdAt.getTime(),
    usageAnchor: row.usageAnchor?.getTime() ?? null,
    addOns: addOns.get(row.key) ?? [],
  }));
  return { rows, last: next };
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
  filter: Pick<TenantFilter, "search" | "plan" | "status">,
  limit: number,
): Promise<{ tenants: FoundTenant[]; total: number }> {
  const at = now();
  const listed = { ...filter, now: at };
  const total = await countMatchingTenants(db.readAside, db.tables, listed);
  const rows = await tenantsAfter(db.readAside, db.tables, listed, { size: limit });
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
