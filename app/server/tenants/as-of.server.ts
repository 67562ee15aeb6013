import { differingAnswers } from "~/core/decision/differing-answers";
import type { Instant } from "~/core/model";
import { mayAct } from "~/core/permissions";
import { effective } from "~/core/schedules/effective";
import { shorten } from "~/core/text";
import { readAsOf } from "~/forms/tenants/as-of";
import { readTimeZone } from "~/forms/time-zone";
import { contextThen, usageIsKnownFor } from "~/server/checks/point-in-time.server";
import type { RequestContext, Services } from "~/server/services.server";
import { searchAudit } from "~db/store/audit-search.server";
import { tenantHistoryBegins } from "~db/store/facts.server";
import { entrySentence } from "./entry-sentence";
import { requireTenant, type TenantRequest } from "./tenants.server";

/** `hasUse` is false if usage at that instant is no longer known. */
type AsOf = { at: Instant; isPast: boolean; hasUse: boolean };

/**
 * `tenant` is as of the instant in the URL, and read only. `now` is the current tenant. `asOf` is null without an instant.
 * `begins`: the start of the tenant's history if it did not exist at that instant; `tenant` is then the current one.
 */
export type TenantAsOf = {
  tenant: TenantRequest;
  now: TenantRequest;
  asOf: AsOf | null;
  begins: Instant | null;
  problem: string | null;
};

/** The overview and the features. Other pages of a tenant are about now. */
const asOfPages = /^\/tenants\/[^/]+(\/features)?\/?$/;
// The loaders of a page share a context, and read the same instant.
const reading = new WeakMap<object, Promise<TenantAsOf>>();

/** Call in place of `requireTenant` on pages that can show another instant. */
export function requireTenantAsOf(request: Request, context: RequestContext, key: string): Promise<TenantAsOf> {
  const known = reading.get(context) ?? readTenantAsOf(request, context, key);
  reading.set(context, known);
  // Each loader needs a response of its own, because a body can be read once.
  return known.catch((error) => {
    throw error instanceof Response ? error.clone() : error;
  });
}

async function readTenantAsOf(request: Request, context: RequestContext, key: string): Promise<TenantAsOf> {
  const { pathname, searchParams } = new URL(request.url);
  const zone = readTimeZone(request.headers.get("Cookie")) ?? "UTC";
  const { at, problem } = asOfPages.test(pathname) ? readAsOf(searchParams, zone) : { at: null, problem: null };
  const present = await requireTenant(request, context, key, "read");
  const isNow = { tenant: present, now: present, asOf: null, begins: null, problem };
  if (at === null) return isNow;
  const asOf = { at, isPast: at < present.now, hasUse: at >= present.now - usageIsKnownFor };
  const readOnly = {
    admin: { ...present.admin, role: "viewer" as const },
    may: (act: Parameters<typeof mayAct>[1]) => mayAct("viewer", act),
    zone,
    now: at,
  };
  if (!asOf.isPast) {
    const readings = context.checks.readings(await context.checks.context(key), at);
    return { ...isNow, asOf, tenant: { ...present, facts: effective(present.facts, present.catalogue, at), ...readOnly, readings } };
  }
  const then = await contextThen(context, key, at);
  if (then.tenant === null) {
    const begins = await tenantHistoryBegins(context.db.readAside, context.db.tables, key);
    return { ...isNow, asOf, begins: begins ?? present.now, tenant: { ...present, ...readOnly } };
  }
  return { ...isNow, asOf, tenant: { facts: then.tenant, catalogue: then.catalogue, readings: then.readings, ...readOnly } };
}

const maxDiffering = 30;
const maxEntries = 10;

/** What differs between an instant and now, and the tenant's changes in between, newest first. */
export async function changesSince({ db }: Pick<Services, "db">, { tenant, now, asOf }: TenantAsOf) {
  if (asOf === null) return null;
  const differing = asOf.isPast ? differingAnswers(tenant, now) : differingAnswers(now, tenant);
  const search = { subjectKind: "tenant" as const, subject: now.facts.key, from: asOf.at + 1 };
  const { rows, next } = asOf.isPast ? await searchAudit(db.readAside, db.tables, search, { size: maxEntries }) : { rows: [], next: null };
  const cut = (side: (typeof differing)[number]["before"]) => side && { ...side, gives: side.gives && shorten(side.gives, 80) };
  return {
    differing: differing.slice(0, maxDiffering).map((row) => ({ ...row, before: cut(row.before), after: cut(row.after) })),
    moreDiffering: Math.max(0, differing.length - maxDiffering),
    entries: rows.map((row) => entrySentence(row, now)),
    hasMoreEntries: next !== null,
  };
}
