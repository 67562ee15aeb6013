import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Instant, Limit } from "~/core/model";
import { metadataText } from "~/core/tenants/metadata-entries";
import { metadataKeyOf, type TenantColumn } from "~/core/tenants/tenant-columns";
import { shorten } from "~/core/text";
import { noFill } from "~/core/usage/limit-fill";
import type { TenantListQuery } from "~/forms/tenants/tenant-list-query";
import type { Services } from "~/server/services.server";
import { type UsageLevel, usageLevelsOf } from "~/server/usage/usage-levels.server";
import { addOnsByTenant, listTenants, maxSortedTenants, type TenantRow } from "~db/store/tenant-list.server";
import { changeTimesOf, firstTrialsOf, type ListedTrial, refusalsOf } from "~db/store/tenant-list-rows.server";
import { decidedAmong, goneParts, knownTotal, listedFilter } from "./tenant-matches.server";
import { planName } from "./tenants.server";

/** Cells of one page, whose HTML stays under 150 kB. */
const maxCells = 180;
const maxRows = 30;
/** Trials and add-ons named in a row. */
const maxNamedTrials = 2;
const maxNamedAddOns = 20;
/** Characters of a value of metadata in a row. */
const maxValueLength = 80;

/** One page of the list, with what its columns show. Past the end it is the last page. */
export async function tenantList(services: Services, query: TenantListQuery, columns: readonly TenantColumn[]) {
  const { db, facts } = services;
  await facts.look();
  const catalogue = facts.catalogue();
  const { filter } = query;
  const gone = goneParts(catalogue, filter);
  const known = await knownTotal(services, catalogue, filter);
  const pageSize = Math.min(maxRows, Math.floor(maxCells / (columns.length + 1)));
  const listed = { ...listedFilter(services, filter), sort: query.sort, page: query.page, size: pageSize, known };
  const nothing = { rows: [] as TenantRow[], total: 0, page: 1, sort: query.sort };
  const found = gone.length > 0 ? nothing : await listTenants(db.readAside, db.tables, listed);
  const matching = await decidedAmong(
    services,
    found.rows.map(({ key }) => key),
    filter,
  );
  const rows = found.rows.filter(({ key }) => matching.has(key));
  const isLarge = found.total >= maxSortedTenants;
  return {
    now: listed.now,
    gone,
    /** The number of candidates, which the decision function may reduce. */
    total: found.total,
    isTotalKnown: known !== undefined || !isLarge,
    /** Candidates of this page that do not have the feature in the wanted way. */
    omitted: found.rows.length - rows.length,
    page: found.page,
    pageSize,
    /** The last page that is shown of many tenants. Null if all pages are. */
    maxPage: isLarge ? Math.floor(maxSortedTenants / pageSize) : null,
    sort: found.sort,
    rows: await listedRows(services, catalogue, rows, columns, listed.now),
  };
}

async function listedRows(services: Services, catalogue: Catalogue, rows: TenantRow[], columns: readonly TenantColumn[], now: Instant) {
  const { readAside: q, tables: t } = services.db;
  const keys = rows.map((r) => r.key);
  const shows = (column: TenantColumn) => columns.includes(column);
  const trials = new Map<string, ListedTrial[]>();
  for (const one of await firstTrialsOf(q, t, keys, now, maxNamedTrials)) trials.set(one.tenant, [...(trials.get(one.tenant) ?? []), one]);
  const addOns = shows("plan") ? await addOnsByTenant(q, t, keys) : new Map<string, string[]>();
  const refused = shows("refused") ? await refusalsOf(q, t, keys) : new Map<string, number>();
  const changed = shows("changed") ? await changeTimesOf(q, t, keys) : new Map<string, Instant>();
  const levels = shows("limit") ? await usageLevelsOf({ db: services.db, catalogue, now }, keys) : new Map<string, UsageLevel[]>();
  const metadataKeys = columns.flatMap((column) => metadataKeyOf(column) ?? []);
  return rows.map(({ key, name, status, plan, metadata, createdAt }) => ({
    key,
    name,
    status,
    plan: plan === null ? null : planName(catalogue, plan).name,
    addOns: (addOns.get(key) ?? []).slice(0, maxNamedAddOns).map((addOn) => planName(catalogue, addOn).name),
    trials: (trials.get(key) ?? []).map(({ id, feature, endsAt }) => ({
      id,
      feature: catalogue.features.get(feature)?.name ?? feature,
      endsAt,
    })),
    /** Of all live trials. */
    trialCount: trials.get(key)?.[0]?.trials ?? 0,
    limit: fullest(levels.get(key) ?? []),
    refused: refused.get(key) ?? 0,
    changedAt: changed.get(key) ?? null,
    createdAt: createdAt.getTime(),
    metadata: metadataKeys.map((name) => valueText(metadata, name)),
  }));
}
export type TenantListRow = Awaited<ReturnType<typeof listedRows>>[number];

type FullestLimit = { feature: string; used: number; limit: Limit; fill: number };

function fullest(levels: UsageLevel[]): FullestLimit | null {
  const limited = levels.filter(({ fill }) => fill !== noFill);
  if (limited.length === 0) return null;
  const { feature, used, limit, fill } = limited.reduce((best, one) => (one.fill > best.fill ? one : best));
  return { feature: feature.name, used, limit: limit as Limit, fill };
}

function valueText(metadata: TenantRow["metadata"], name: string): string | null {
  if (!Object.hasOwn(metadata, name)) return null;
  const value = metadata[name];
  return shorten(metadataText(value) ?? JSON.stringify(value ?? null), maxValueLength);
}
