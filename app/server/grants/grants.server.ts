import type { z } from "zod";
import type { Catalogue } from "~/core/catalogue/catalogue";
import { describeValue } from "~/core/catalogue/catalogue-words";
import { type AnswerRow, answerRow } from "~/core/decision/answer-row";
import { mayConvert } from "~/core/grants/convert-trial";
import { endOf, grantStateOf, isOver, withGrantUnended, withoutGrant } from "~/core/grants/grant-lifetime";
import { changeAfter, followsOnly } from "~/core/grants/plan-after";
import type { Grant, Instant, TenantFacts } from "~/core/model";
import type { grantsQuery } from "~/forms/api-queries";
import { comingRows } from "~/server/schedules/coming-rows.server";
import type { Services } from "~/server/services.server";
import { currentTenant, type TenantRequest } from "~/server/tenants/tenants.server";
import { findGrant, grantOf, grantsOfTenant, pageOfGrants } from "~db/store/grants.server";

const most = 500;

export type GrantView = {
  id: string;
  kind: Grant["kind"];
  denies: boolean;
  feature: { key: string; name: string };
  gives: string | null;
  startsAt: Instant;
  /** When it stops being live, for any reason, or null. */
  until: Instant | null;
  endedBy: string | null;
  note: string | null;
  createdAt: Instant;
  createdBy: string;
  /** The end of the grant it extends. */
  extendsFrom: Instant | null;
  /** True if a newer row replaced this one. */
  isExtended: boolean;
  /** True for a trial that may convert to a plan. */
  canConvert: boolean;
  /** The bundle that it is part of, or null. `features`: names of those with the same end. */
  bundle: { id: string; plan: string; features: string[] } | null;
  /**
   * The scheduled change that follows its end, or null. `words`: "moves to Business". `isOnly`: it follows no other trial.
   */
  next: { words: string; at: Instant; problem: string | null; isOnly: boolean } | null;
};

type Known = { grants: Map<string, Grant>; endedBy: Map<string, string | null>; extended: Set<string | null>; isCut: boolean };

/** Live grants come from the facts, ended ones from rows, newest first. */
async function knownGrants({ db }: Services, { facts }: TenantRequest): Promise<Known> {
  const rows = await grantsOfTenant(db.readAside, db.tables, facts.key, most);
  const grants = new Map(rows.map((row) => [row.id, grantOf(row)]));
  for (const grant of facts.grants) grants.set(grant.id, grant);
  const extended = new Set([...grants.values()].map((g) => g.extends));
  return { grants, extended, endedBy: new Map(rows.map((row) => [row.id, row.endedBy])), isCut: rows.length === most };
}

/** All grants of a tenant by status. */
export async function tenantGrants(services: Services, tenant: TenantRequest) {
  const { now } = tenant;
  const known = await knownGrants(services, tenant);
  const lists = { live: [] as GrantView[], upcoming: [] as GrantView[], ended: [] as GrantView[] };
  for (const grant of oneLinePerBundle(known.grants.values())) {
    lists[grantStateOf(grant, now)].push(grantView(tenant, grant, known));
  }
  const untilOf = ({ until }: GrantView) => until ?? Number.POSITIVE_INFINITY;
  return {
    live: lists.live.sort((a, b) => untilOf(a) - untilOf(b)),
    upcoming: lists.upcoming.sort((a, b) => a.startsAt - b.startsAt),
    ended: lists.ended.sort((a, b) => untilOf(b) - untilOf(a)),
    isCut: known.isCut,
    grants: known.grants,
  };
}

function grantView({ facts, catalogue, now }: TenantRequest, grant: Grant, { grants, endedBy, extended }: Known): GrantView {
  const feature = catalogue.features.get(grant.feature);
  const hasValue = "value" in grant && feature?.type !== "boolean";
  return {
    id: grant.id,
    kind: grant.kind,
    denies: grant.kind === "override" && grant.effect === "deny",
    feature: { key: grant.feature, name: feature?.name ?? grant.feature },
    gives: hasValue ? describeValue(feature, grant.value) : null,
    startsAt: grant.startsAt,
    until: endOf(grant),
    endedBy: endedBy.get(grant.id) ?? null,
    note: grant.note,
    createdAt: grant.createdAt,
    createdBy: grant.createdBy,
    extendsFrom: grant.extends === null ? null : (grants.get(grant.extends)?.endsAt ?? null),
    isExtended: extended.has(grant.id),
    canConvert: grant.kind === "trial" && mayConvert(facts.plan, grant.feature, catalogue),
    bundle: bundleView(catalogue, grant, grants),
    next: nextView(facts, catalogue, grant, now),
  };
}

function nextView(facts: TenantFacts, catalogue: Catalogue, grant: Grant, now: Instant): GrantView["next"] {
  if (!facts.scheduled || isOver(grant, now)) return null;
  const found = changeAfter(facts.scheduled, [grant]);
  const row = found && comingRows(facts, catalogue, now).find(({ id }) => id === found.id);
  return row ? { words: row.words, at: row.at, problem: row.problem, isOnly: followsOnly(found, grant, facts, now) } : null;
}

function bundleView(catalogue: Catalogue, grant: Grant, grants: Known["grants"]): GrantView["bundle"] {
  const bundle = grant.kind === "trial" ? grant.bundle : undefined;
  if (!bundle) return null;
  const isPart = (other: Grant) => other.kind === "trial" && other.bundle?.id === bundle.id && endOf(other) === endOf(grant);
  const parts = [...grants.values()].filter(isPart).map(({ feature }) => catalogue.features.get(feature)?.name ?? feature);
  return { id: bundle.id, plan: catalogue.plans.get(bundle.plan)?.name ?? bundle.plan, features: [...new Set(parts)].sort() };
}

/** Bundles as one line: of the parts with the same end, the first. */
function oneLinePerBundle(grants: Iterable<Grant>): Grant[] {
  const lines = new Map<string, Grant>();
  for (const grant of grants) {
    const bundle = grant.kind === "trial" ? grant.bundle : undefined;
    const line = bundle ? `${bundle.id} ${endOf(grant)}` : grant.id;
    if (!lines.has(line)) lines.set(line, grant);
  }
  return [...lines.values()];
}

export type GrantOutcome = {
  id: string;
  what: "trial" | "override" | "extended" | "ended";
  before: AnswerRow;
  after: AnswerRow;
  from: Instant | null;
};

/** The effect of recent grants: the answer with and without each, from its start. */
export function grantOutcomes(tenant: TenantRequest, grants: Map<string, Grant>, ids: string[]): GrantOutcome[] {
  const { facts, catalogue, now, readings, zone } = tenant;
  return ids.flatMap((id) => {
    const grant = grants.get(id);
    const feature = grant && catalogue.features.get(grant.feature);
    // Past its own end there is nothing to compare: the page was opened from an old address.
    if (!grant || !feature || isOver({ ...grant, endedAt: null }, now)) return [];
    const isEnded = grant.endedAt !== null;
    const old = grant.extends === null ? undefined : grants.get(grant.extends);
    const at = Math.max(now, grant.startsAt);
    const before = isEnded ? withGrantUnended(facts, grant) : withoutGrant(facts, grant, old);
    const what = isEnded ? "ended" : old ? "extended" : grant.kind;
    const answer = (of: typeof facts) => answerRow({ facts: of, catalogue, now: at, readings, zone }, feature);
    return [{ id, what, before: answer(before), after: answer(facts), from: at > now ? at : null } as const];
  });
}

/** One grant of this tenant. Throws the response if there is none. `isOver` means that it cannot be changed. */
export async function requireGrant(services: Services, tenant: TenantRequest, id: string) {
  const known = await knownGrants(services, tenant);
  const grant = known.grants.get(id);
  if (!grant)
    throw new Response(`${tenant.facts.name} has no such grant. Look it up in the list.`, { status: 404, statusText: "Not Found" });
  return { grant, view: grantView(tenant, grant, known), isOver: isOver(grant, tenant.now) };
}

/** The answer now, and as it would be if the grant ended now. */
export function endingPreview(tenant: TenantRequest, grant: Grant): { before: AnswerRow; after: AnswerRow } | null {
  const feature = tenant.catalogue.features.get(grant.feature);
  if (!feature) return null;
  const without = { ...tenant, facts: withoutGrant(tenant.facts, grant, undefined) };
  return { before: answerRow(tenant, feature), after: answerRow(without, feature) };
}

/** The API's list. `revision` is the tenant's before the page was read. Null if the tenant does not exist. */
export async function listGrantsPage(services: Services, tenant: string, query: z.output<typeof grantsQuery>) {
  const { db } = services;
  const now = services.now();
  const facts = await currentTenant(services, tenant);
  if (!facts) return null;
  const { cursor, limit, ...filter } = query;
  const after = cursor && { startsAt: cursor[0], id: cursor[1] };
  const found = (await pageOfGrants(db.readAside, db.tables, tenant, filter, now, { after, size: limit + 1 })).map(grantOf);
  const grants = found.slice(0, limit);
  return { grants, last: found.length > limit ? (grants.at(-1) ?? null) : null, now, revision: facts.revision };
}

export async function grantNamed({ db, now }: Services, id: string) {
  const found = await findGrant(db.readAside, db.tables, id);
  return found && { tenant: found.row.tenant, grant: grantOf(found.row), now: now(), revision: found.revision };
}
