import { type AnswerRow, answerRow } from "~/core/answer-row";
import { describeValue } from "~/core/catalogue-words";
import { withGrantUnended, withoutGrant } from "~/core/grant-effect";
import { endOf, isLive, isOver } from "~/core/grant-lifetime";
import type { Grant, Instant } from "~/core/model";
import { type GrantRow, grantOf, grantsOfTenant } from "~db/store/grants.server";
import type { Services } from "./services.server";
import type { TenantRequest } from "./tenants.server";

const most = 500;

export type GrantView = {
  id: string;
  kind: Grant["kind"];
  denies: boolean;
  feature: { key: string; name: string };
  gives: string | null;
  startsAt: Instant;
  /** When it stops counting, whoever ended it; null: never. */
  until: Instant | null;
  endedBy: string | null;
  note: string | null;
  createdAt: Instant;
  createdBy: string;
  /** The end that the grant before it had. */
  extendsFrom: Instant | null;
  /** A newer row took over from this one. */
  isExtended: boolean;
};

/** Every grant that a tenant ever had, by what it is now; of the ended ones the newest. */
export async function tenantGrants(services: Services, tenant: TenantRequest) {
  const { facts, now } = tenant;
  const rows = await grantsOfTenant(services.db.read, services.db.tables, facts.key, most);
  const grants = new Map(rows.map((row) => [row.id, grantOf(row)]));
  const extended = new Set(rows.map((row) => row.extends));
  const views = rows.map((row) => grantView(tenant, row, grants, extended));
  const live = views.filter((v) => isLive(grants.get(v.id) as Grant, now));
  const upcoming = views.filter((v) => v.startsAt > now && (v.until === null || v.until > v.startsAt));
  const known = new Set([...live, ...upcoming]);
  const soonest = (a: GrantView, b: GrantView) => (a.until ?? Number.POSITIVE_INFINITY) - (b.until ?? Number.POSITIVE_INFINITY);
  return {
    live: live.sort(soonest),
    upcoming: upcoming.sort((a, b) => a.startsAt - b.startsAt),
    ended: views.filter((v) => !known.has(v)).sort((a, b) => (b.until ?? 0) - (a.until ?? 0)),
    isCut: rows.length === most,
    grants,
  };
}

function grantView({ catalogue }: TenantRequest, row: GrantRow, grants: Map<string, Grant>, extended: Set<string | null>): GrantView {
  const grant = grants.get(row.id) as Grant;
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
    endedBy: row.endedBy,
    note: grant.note,
    createdAt: grant.createdAt,
    createdBy: grant.createdBy,
    extendsFrom: grant.extends === null ? null : (grants.get(grant.extends)?.endsAt ?? null),
    isExtended: extended.has(grant.id),
  };
}

export type GrantOutcome = {
  id: string;
  what: "trial" | "override" | "extended" | "ended";
  before: AnswerRow;
  after: AnswerRow;
  from: Instant | null;
};

/** What some grants have just changed: the answer with and without each, from the moment on that it counts. */
export function grantOutcomes(tenant: TenantRequest, grants: Map<string, Grant>, ids: string[]): GrantOutcome[] {
  const { facts, catalogue, now } = tenant;
  return ids.flatMap((id) => {
    const grant = grants.get(id);
    const feature = grant && catalogue.features.get(grant.feature);
    if (!grant || !feature) return [];
    const isEnded = grant.endedAt !== null;
    const old = grant.extends === null ? undefined : grants.get(grant.extends);
    const at = Math.max(now, grant.startsAt);
    const before = isEnded ? withGrantUnended(facts, grant) : withoutGrant(facts, grant, old);
    const what = isEnded ? "ended" : old ? "extended" : grant.kind;
    const answer = (of: typeof facts) => answerRow({ facts: of, catalogue, now: at }, feature);
    return [{ id, what, before: answer(before), after: answer(facts), from: at > now ? at : null } as const];
  });
}

/** One grant of this tenant, for a page that changes it. Throws the answer when there is none. `isOver`: nothing can be changed. */
export async function requireGrant(services: Services, tenant: TenantRequest, id: string) {
  const rows = await grantsOfTenant(services.db.read, services.db.tables, tenant.facts.key, most);
  const row = rows.find((r) => r.id === id);
  if (!row) throw new Response(`${tenant.facts.name} has no such grant. Look it up in the list.`, { status: 404, statusText: "Not Found" });
  const grants = new Map(rows.map((r) => [r.id, grantOf(r)]));
  const grant = grants.get(id) as Grant;
  const view = grantView(tenant, row, grants, new Set(rows.map((r) => r.extends)));
  return { grant, view, isOver: isOver(grant, tenant.now) };
}

/** The answer as it is and as it would be were this grant ended now. */
export function endingPreview(tenant: TenantRequest, grant: Grant): { before: AnswerRow; after: AnswerRow } | null {
  const feature = tenant.catalogue.features.get(grant.feature);
  if (!feature) return null;
  const without = { ...tenant, facts: withoutGrant(tenant.facts, grant, undefined) };
  return { before: answerRow(tenant, feature), after: answerRow(without, feature) };
}
