import type { Catalogue } from "~/core/catalogue/catalogue";
import type { CatalogueFacts, Instant, Limit } from "~/core/model";
import { featuresOfAct, type StoredRequest } from "~/core/requests/request";
import { describeRequest } from "~/core/requests/request-words";
import { isoOrNull } from "~/core/time";
import { fullLimit, nearLimit } from "~/core/usage/limit-fill";
import { type HookEvent, type TenantLine, tenantData } from "./hook-event";

/** Per cent of a limit at which an event is sent. */
export const limitSteps = [80, 100] as const;
export type LimitStep = (typeof limitSteps)[number];

/** The highest step that a fill has reached, or 0. */
export function limitStepOf(fill: number): LimitStep | 0 {
  if (fill >= fullLimit) return 100;
  return fill >= nearLimit ? 80 : 0;
}

/** `periodEnd`: null if the use never resets. */
export type LimitUse = { feature: { key: string; name: string }; used: number; limit: Limit | null; periodEnd: Instant | null };

export function limitEvent(tenant: TenantLine, step: LimitStep, { feature, used, limit, periodEnd }: LimitUse, at: Instant): HookEvent {
  const data = {
    tenant: tenantData(tenant),
    feature: { key: feature.key, name: feature.name },
    used,
    limit,
    resetsAt: isoOrNull(periodEnd),
  };
  const about = `${feature.key} ${periodEnd ?? ""}`;
  return { type: step === 100 ? "limit.reached" : "limit.warning", tenant: tenant.key, about, at, data: { ...data, percent: step } };
}

/** `day`: YYYY-MM-DD in UTC. */
export function demandEvent(feature: { key: string; name: string }, day: string, refusals: number, at: Instant): HookEvent {
  const data = { feature: { key: feature.key, name: feature.name }, day, refusals };
  return { type: "feature.in_demand", tenant: null, about: `${feature.key} ${day}`, at, data };
}

export function requestCreated(
  tenant: TenantLine | null,
  request: StoredRequest,
  catalogue: Pick<Catalogue, "features" | "plans">,
): HookEvent {
  const { id, kind, act, actor, user, createdAt } = request;
  const data = {
    tenant: tenant && tenantData(tenant),
    actor: { kind: actor.kind, id: actor.id },
    request: { id, kind, summary: describeRequest(act, catalogue), features: featuresOfAct(act), user, createdBy: { name: actor.name } },
  };
  return { type: "request.created", tenant: tenant?.key ?? null, about: id, at: createdAt, data };
}

/** Keys named per list. */
const maxNamedKeys = 100;

/** One publication: plans and features that are new, changed or gone. */
export function cataloguePublished(before: CatalogueFacts | null, after: CatalogueFacts, at: Instant): HookEvent {
  const data = { revision: after.revision, plans: keysOf(before?.plans, after.plans), features: keysOf(before?.features, after.features) };
  return { type: "catalogue.published", tenant: null, about: String(after.revision), at, data };
}

type Entry = { key: string; revision: number; archivedAt: Instant | null };

function keysOf(before: readonly Entry[] = [], after: readonly Entry[]) {
  const were = new Map(before.map((entry) => [entry.key, entry]));
  const are = new Set(after.map(({ key }) => key));
  const changed = after.filter(({ key, revision }) => were.has(key) && were.get(key)?.revision !== revision);
  const isArchiving = ({ key, archivedAt }: Entry) => archivedAt !== null && were.get(key)?.archivedAt === null;
  const named = (entries: readonly { key: string }[]) => entries.slice(0, maxNamedKeys).map(({ key }) => key);
  const created = after.filter(({ key }) => !were.has(key));
  const archived = changed.filter(isArchiving);
  const removed = before.filter(({ key }) => !are.has(key));
  return {
    created: named(created),
    changed: named(changed.filter((entry) => !isArchiving(entry))),
    archived: named(archived),
    removed: named(removed),
    /** Also of those that are not named. */
    count: created.length + changed.length + removed.length,
  };
}

export const featureNames =
  ({ features }: Pick<Catalogue, "features">) =>
  (key: string): string =>
    features.get(key)?.name ?? key;
