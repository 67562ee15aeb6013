import { endOf } from "~/core/grants/grant-lifetime";
import type { Instant } from "~/core/model";
import { day, minute } from "~/core/time";
import { monthAfter, startOfMonth } from "~/core/trials/months";
import { cursorOf } from "~/forms/pagination";
import type { TrialListQuery } from "~/forms/trials/trial-list-query";
import type { Services } from "~/server/services.server";
import { type GrantRow, grantOf } from "~db/store/grants.server";
import { type OutcomeFilter, readTrialsComputedAt, trialDimensionValues, trialsByOutcome } from "~db/store/trial-outcomes.server";
import type { TrialChoice } from "~db/store/trial-tenants.server";
import { type GrantOrder, type GrantPlace, type GrantSlice, grantsById, grantsOfAllTenants } from "~db/store/trials.server";
import { catalogueOfNames } from "./names.server";
import { type TrialRow, trialRows } from "./trial-rows.server";

const pageSize = 20;
/** Features and people offered as filters. Others are reached by their address. */
const maxChoices = 100;

/** How old figures about outcomes are, or null if they are at most a minute old. `never`: none was computed yet. */
export async function trialsFreshness({ db, now }: Services): Promise<{ computedAt: Instant | null; isOld: boolean }> {
  const computedAt = await readTrialsComputedAt(db.readAside, db.tables);
  return { computedAt, isOld: computedAt === null || now() - computedAt > minute };
}

/** One page of trials over all tenants. */
export async function readTrialList(services: Services, query: TrialListQuery) {
  const { db } = services;
  const now = services.now();
  await services.counts.flush();
  const sort = sortOf(query);
  const slice = {
    order: { by: sort.id === "starts" ? "start" : "end", descending: sort.desc } satisfies GrantOrder,
    after: query.page && { at: query.page[0], id: query.page[1] },
    size: pageSize + 1,
  };
  const choice = trialChoice(query, now);
  // By feature each trial is a line, and so it is by outcome, which differs by feature and is counted so in the report.
  const isBundled = query.feature === undefined && choice.outcome === undefined;
  const found = await grantRows(services, { ...choice, trials: { ...choice.trials, isFirstOfBundle: isBundled } }, slice, now);
  const grants = found.slice(0, pageSize);
  const last = found.length > pageSize ? grants.at(-1) : undefined;
  return {
    rows: await trialRows(services, grants, now, isBundled),
    next: last ? cursorOf(...placeOf(last, slice.order)) : null,
    sort,
    ...(await choices(services, query, grants)),
    ...(await trialsFreshness(services)),
    hasAny:
      grants.length > 0 ||
      (await grantsOfAllTenants(db.readAside, db.tables, "trial", {}, now, { order: { by: "end" }, size: 1 })).length > 0,
    now,
  };
}

/** All trials of a list, in its order, from its start. Those of a bundle one by one. */
export async function* trialBatches(services: Services, query: TrialListQuery, size: number): AsyncGenerator<TrialRow[]> {
  const now = services.now();
  await services.counts.flush();
  const { id, desc } = sortOf(query);
  const order: GrantOrder = { by: id === "starts" ? "start" : "end", descending: desc };
  for (let after: GrantPlace | undefined; ; ) {
    const slice = { order, after, size: size + 1 };
    const found = await grantRows(services, trialChoice(query, now), slice, now);
    yield await trialRows(services, found.slice(0, size), now, false);
    const last = found.length > size ? found[size - 1] : undefined;
    if (!last) return;
    const [at, key] = placeOf(last, order);
    after = { at, id: key };
    await new Promise(setImmediate);
  }
}

const isByOutcome = (query: TrialListQuery) => query.tab === "ended" && query.ends === undefined && query.outcome !== undefined;

/** The default sort: what ends or starts next first; of what is over, the latest end first. */
function sortOf({ tab, ends, sort, outcome }: TrialListQuery): { id: "ends" | "starts"; desc: boolean } {
  if (ends !== undefined) return sort?.id === "ends" ? sort : { id: "ends", desc: false };
  if (tab === "ended") return sort?.id === "ends" && !outcome ? sort : { id: "ends", desc: true };
  return sort ?? { id: tab === "upcoming" ? "starts" : "ends", desc: false };
}

function placeOf(row: GrantRow, { by }: GrantOrder): [Instant, string] {
  const grant = grantOf(row);
  return [by === "start" ? grant.startsAt : (endOf(grant) as Instant), row.id];
}

/** The trials that a list shows. */
export function trialChoice(query: TrialListQuery, now: Instant): TrialChoice {
  const { tab, ends, within, q, feature, by } = query;
  const shared = { feature, createdBy: by, tenantText: q };
  const of =
    ends !== undefined
      ? { endsFrom: ends, endsBefore: ends + day, isLastOfChain: true }
      : tab === "ending"
        ? { state: "live" as const, endsBefore: now + within * day + 1 }
        : { state: tab === "running" ? ("live" as const) : tab };
  return { trials: { ...shared, ...of }, ...(isByOutcome(query) ? { outcome: outcomeFilter(query) } : {}) };
}

function outcomeFilter({ outcome, feature, by, q, from, to }: TrialListQuery): OutcomeFilter {
  return {
    outcome: outcome as Exclude<TrialListQuery["outcome"], undefined>,
    feature,
    givenBy: by,
    tenantText: q,
    startedFrom: from === undefined ? undefined : startOfMonth(from),
    startedBefore: to === undefined ? undefined : startOfMonth(monthAfter(to, 1)),
  };
}

async function grantRows(services: Services, { trials, outcome }: TrialChoice, slice: GrantSlice, now: Instant): Promise<GrantRow[]> {
  const { readAside, tables } = services.db;
  return outcome ? outcomeRows(services, outcome, slice) : grantsOfAllTenants(readAside, tables, "trial", trials, now, slice);
}

async function outcomeRows({ db }: Services, filter: OutcomeFilter, slice: { after?: GrantPlace; size: number }): Promise<GrantRow[]> {
  const outcomes = await trialsByOutcome(db.readAside, db.tables, filter, slice);
  const ids = outcomes.map(({ grant }) => grant);
  const rows = await grantsById(db.readAside, db.tables, ids);
  return ids.flatMap((id) => rows.get(id) ?? []);
}

/** Features and people of computed trials and of this page. */
async function choices(services: Services, { feature, by }: TrialListQuery, grants: GrantRow[]) {
  const { readAside: q, tables: t } = services.db;
  const catalogue = await catalogueOfNames(services);
  const withTrials =
    catalogue.features.size <= maxChoices ? [...catalogue.features.keys()] : await trialDimensionValues(q, t, "feature", maxChoices);
  const people = await trialDimensionValues(q, t, "person", maxChoices);
  return {
    features: [...new Set([...withTrials, ...grants.map((g) => g.feature), ...(feature ? [feature] : [])])].map((key) => ({
      key,
      name: catalogue.features.get(key)?.name ?? key,
    })),
    people: [...new Set([...people, ...grants.map((g) => g.createdBy), ...(by ? [by] : [])])],
  };
}
