import { describeValue } from "~/core/catalogue/catalogue-words";
import { answerRow } from "~/core/decision/answer-row";
import { isRedundant, tenantOutline } from "~/core/decision/tenant-outline";
import { endOf, grantStateOf } from "~/core/grants/grant-lifetime";
import type { Grant } from "~/core/model";
import { day, isoDay } from "~/core/time";
import { drawColumns } from "~/server/charts/bar-drawing.server";
import type { Services } from "~/server/services.server";
import { listAudit } from "~db/store/audit.server";
import { topRefusedFeatures } from "~db/store/check-counts.server";
import { entrySentence } from "./entry-sentence";
import { tenantSync } from "./posthog-status.server";
import type { TenantRequest } from "./tenants.server";

/** Days of refusals, including today. */
const days = 30;
/** Rows per part of the page. Each part links to its own page with all. */
const maxLimits = 6;
const maxGrants = 8;
const maxRefused = 5;
const maxActivities = 6;
const maxGroups = 14;

/**
 * What a tenant has, uses and is refused, at a glance. For a suspended tenant: what it would have. `isAsOf`: the tenant is
 * as of another instant, so refusals, changes and PostHog's state are left out.
 */
export async function tenantOverview(services: Services, tenant: TenantRequest, isAsOf = false) {
  const { facts, now } = tenant;
  const world = { ...tenant, facts: { ...facts, status: "active" as const } };
  const { limits, groups, entitled, all } = tenantOutline(world);
  const grants = facts.grants.filter((g) => grantStateOf(g, now) !== "ended").sort((a, b) => lastInstantOf(a) - lastInstantOf(b));
  return {
    entitled,
    all,
    groups: groups.slice(0, maxGroups),
    moreGroups: Math.max(0, groups.length - maxGroups),
    limits: limits.slice(0, maxLimits),
    moreLimits: Math.max(0, limits.length - maxLimits),
    grants: grants.slice(0, maxGrants).map((grant) => grantRow(world, grant)),
    moreGrants: Math.max(0, grants.length - maxGrants),
    refused: isAsOf ? [] : await refusedRows(services, tenant, world),
    days,
    activities: isAsOf ? [] : await latestActivities(services, tenant),
    sync: isAsOf ? null : ((await tenantSync(services, tenant))?.state ?? null),
  };
}

const lastInstantOf = (grant: Grant) => endOf(grant) ?? Number.POSITIVE_INFINITY;

function grantRow(world: TenantRequest, grant: Grant) {
  const feature = world.catalogue.features.get(grant.feature);
  const hasValue = "value" in grant && feature?.type !== "boolean";
  return {
    id: grant.id,
    kind: grant.kind,
    denies: grant.kind === "override" && grant.effect === "deny",
    feature: { key: grant.feature, name: feature?.name ?? grant.feature },
    gives: hasValue ? describeValue(feature, grant.value) : null,
    /** Null if it has started. */
    startsAt: grant.startsAt > world.now ? grant.startsAt : null,
    endsAt: endOf(grant),
    createdBy: grant.createdBy,
    note: grant.note,
    isRedundant: isRedundant(world, grant),
  };
}

async function refusedRows({ db, counts }: Services, tenant: TenantRequest, world: TenantRequest) {
  const { facts, catalogue, now } = tenant;
  await counts.flush();
  const first = now - (days - 1) * day;
  const rows = await topRefusedFeatures(db.readAside, db.tables, facts.key, isoDay(first), maxRefused);
  return rows.map(({ feature: key, refused, byDay }) => {
    const feature = catalogue.features.get(key);
    const answer = feature ? answerRow(world, feature) : null;
    return {
      key,
      name: feature?.name ?? key,
      isKnown: feature !== undefined,
      refused,
      trend: drawColumns(
        Array.from({ length: days }, (_, i) => byDay.get(isoDay(first + i * day)) ?? 0),
        [112, 20],
      ),
      hasItNow: answer?.entitled ?? false,
      message: answer?.message ?? null,
      next: feature ? answerRow(tenant, feature).next : null,
    };
  });
}

async function latestActivities({ db }: Services, tenant: TenantRequest) {
  const filter = { subjectKind: "tenant" as const, subject: tenant.facts.key };
  const rows = await listAudit(db.readAside, db.tables, filter, { size: maxActivities });
  return rows.map((row) => entrySentence(row, tenant));
}
