import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Instant, TenantFacts } from "~/core/model";
import { nextScheduled } from "~/core/schedules/effective";
import { type AnswerQuestion, answerHead, atItsInstant, decideFeature, entitlement, listedFeatures, type Readings } from "./answer";
import type { Decision } from "./decide";

/**
 * A decision and its JSON entry; `rest` is the same entry for results that begin differently: `"sso","entitled":…}`.
 * Shared between answers, so do not change it.
 */
export type SerializedAnswer = { readonly decision: Decision; readonly text: string; readonly rest: string };

/** Max entries over all catalogues, a kilobyte each; then the cache is cleared. */
const maxSharedAnswers = 20_000;
/** `flag` is the feature's flag, which has no effect while it is not read. */
type Shelf = Map<string, { told: SerializedAnswer; flag: string | null }>;
const shelves = new WeakMap<Catalogue, { all: Map<string, Shelf>; entries: number }>();

/**
 * If only status, plan and add-ons matter, tenants that share them, and the instant of the next scheduled change, get the
 * same entry until then, so it is serialized once. Most entries qualify, because few features of a tenant have grants, a flag or a meter.
 */
function sharedShelf(tenant: TenantFacts, catalogue: Catalogue, next: Instant | null) {
  let held = shelves.get(catalogue);
  if (!held || held.entries >= maxSharedAnswers) {
    held = { all: new Map(), entries: 0 };
    shelves.set(catalogue, held);
  }
  const same = [tenant.status, tenant.plan ?? "", String(next), ...tenant.addOns.map((a) => a.plan)].join("\n");
  const shelf: Shelf = held.all.get(same) ?? new Map();
  held.all.set(same, shelf);
  return { shelf, held };
}

/** One entry per requested feature, in order. */
export function serialize(asked: AnswerQuestion, readings: Readings): SerializedAnswer[] {
  const question = atItsInstant(asked);
  const { tenant, catalogue, features } = question;
  const keys = features ?? listedFeatures(catalogue);
  if (!tenant) return keys.map((key) => serializeOne(key, question, readings));
  const granted = new Set(tenant.grants.map((g) => g.feature));
  const { shelf, held } = sharedShelf(tenant, catalogue, nextScheduled(tenant, question.now));
  const isRead = (flag: string | null) => flag !== null && readings.flag?.(flag) !== undefined;
  return keys.map((key) => {
    const hasGrant = granted.size > 0 && granted.has(key);
    const known = hasGrant ? undefined : shelf.get(key);
    if (known && !isRead(known.flag)) return known.told;
    const serialized = serializeOne(key, question, readings);
    const feature = catalogue.features.get(key);
    const flag = feature?.flag?.key ?? null;
    if (!feature || feature.type === "metered" || hasGrant || isRead(flag)) return serialized;
    shelf.set(key, { told: serialized, flag });
    held.entries += 1;
    return serialized;
  });
}

function serializeOne(feature: string, question: AnswerQuestion, readings: Readings): SerializedAnswer {
  const decision = decideFeature(feature, question, readings);
  const text = JSON.stringify(entitlement(decision, question.tenant, question.catalogue));
  return { decision, text, rest: `${JSON.stringify(decision.feature)},${text.slice(1)}` };
}

/** The same as `answer`, as the bytes to send. Each feature occurs once. */
export function answerText(asked: AnswerQuestion, readings: Readings, isStale: boolean) {
  const question = atItsInstant(asked);
  const serialized = serialize(question, readings);
  const decisions = serialized.map(({ decision }) => decision);
  const { head, validUntil } = answerHead(question, decisions, isStale);
  const entries = serialized.map(({ decision, text }) => `${JSON.stringify(decision.feature)}:${text}`).join(",");
  return { text: `${JSON.stringify(head).slice(0, -1)},"entitlements":{${entries}}}`, decisions, validUntil };
}
