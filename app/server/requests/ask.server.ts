import type { Actor, Instant, Value } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import { isSameAct, maxRequestsPerDay, maxWaitingRequests, type RequestedAct } from "~/core/requests/request";
import { day } from "~/core/time";
import { keepRequestIn, type RequestKept, type RequestToKeep } from "~/server/approvals/keep-request.server";
import { withRequest } from "~/server/changes/change.server";
import type { TrialPeriodInput } from "~/server/grants/grant-changes.server";
import type { Services } from "~/server/services.server";
import { currentTenant } from "~/server/tenants/tenants.server";
import { tenantLock } from "~db/database";
import { appRequestsSince, waitingOfTenant } from "~db/store/requests.server";

type Parts = Pick<Services, "db" | "now" | "newId" | "posthog">;

async function keepRequest(
  parts: Parts,
  by: Actor,
  asked: RequestToKeep,
  isSame: Parameters<typeof keepRequestIn>[2],
): Promise<RequestKept> {
  const { db, now, newId } = parts;
  const actor = withRequest(parts, by);
  const asking = { t: db.tables, newId, actor };
  return db.transaction([tenantLock(asked.tenant)], (tx) => keepRequestIn({ ...asking, tx, at: now() }, asked, isSame));
}

/** Asks for a feature for a tenant's user. One request waits per tenant and feature. */
export async function askForFeature(
  services: Services,
  actor: Actor,
  { tenant, feature, user, note }: { tenant: string; feature: string; user: string | null; note: string | null },
): Promise<RequestKept> {
  const problem = await whyNotAsk(services, tenant, [feature]);
  if (problem) return problem;
  const act: RequestedAct = { act: "try_feature", feature };
  const asked = { kind: "feature" as const, tenant, feature, act, user, note, reason: null, keys: null };
  return keepRequest(services, actor, asked, (waiting) => isSameAct(waiting.act, act));
}

/**
 * What the form for granting a trial asks for. `bundle`: the plan whose features these are, or null. `planAfter`: the plan
 * that the tenant moves to at the end, if any.
 */
export function askedTrial(
  { length, startsAt, endsAt }: TrialPeriodInput,
  features: { feature: string; value: Value }[],
  { bundle, planAfter }: { bundle: string | null; planAfter: string | undefined },
): RequestedAct {
  const after = planAfter === undefined ? {} : { planAfter };
  const common = { act: "grant_trial" as const, features, ...(bundle === null ? {} : { bundle }), ...after };
  if (length !== "own") return { ...common, days: Number(length), startsAt: null, endsAt: null };
  return { ...common, days: null, startsAt: startsAt ?? null, endsAt: endsAt ?? null };
}

/** Asks for what a guard rail does not allow the person. */
export async function askForTrial(
  services: Services,
  actor: Actor,
  { tenant, act, note }: { tenant: string; act: RequestedAct; note: string | null },
): Promise<RequestKept> {
  const features = act.act === "grant_trial" ? act.features.map(({ feature }) => feature) : [];
  const problem = await whyNotAsk(services, tenant, features);
  if (problem) return problem;
  const feature = features.length === 1 ? (features[0] as string) : null;
  const asked = { kind: "trial" as const, tenant, feature, act, user: null, note, reason: null, keys: null };
  return keepRequest(services, actor, asked, (waiting) => waiting.actor.id === actor.id && isSameAct(waiting.act, act));
}

async function whyNotAsk(services: Services, tenant: string, features: readonly string[]): Promise<Refusal | null> {
  await services.facts.look();
  const facts = await currentTenant(services, tenant);
  if (!facts) return refuse("tenant_not_found", `There is no tenant ${tenant}.`, "tenant");
  if (facts.status === "archived") return refuse("tenant_archived", `${facts.name} is archived, so nothing can be asked for it.`, "tenant");
  for (const key of features) {
    const feature = services.facts.catalogue().features.get(key);
    if (!feature) return refuse("feature_not_found", `There is no feature ${key}. Choose one that the catalogue has.`, "feature");
    if (feature.archivedAt !== null)
      return refuse("feature_archived", `${feature.name} is archived, so it cannot be asked for.`, "feature");
  }
  return null;
}

/** The instant from which an app may ask for this tenant again, or null if it may now. A request that waits is never too many. */
export async function asksAgainAt({ db, now }: Parts, { tenant, feature }: { tenant: string; feature: string }): Promise<Instant | null> {
  const since = now() - day;
  const recent = await appRequestsSince(db.read, db.tables, tenant, since, maxRequestsPerDay);
  if (recent.length < maxRequestsPerDay) return null;
  const waiting = await waitingOfTenant(db.read, db.tables, { tenant, kind: "feature" }, now(), maxWaitingRequests);
  if (waiting.some(({ act }) => act.act === "try_feature" && act.feature === feature)) return null;
  return (recent[0] as Instant) + day;
}
