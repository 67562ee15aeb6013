import { type AnswerQuestion, answerHead, entitlement, listedFeatures, type Readings, readingsOf } from "./answer";
import type { Catalogue } from "./catalogue";
import { type Decision, decide } from "./decide";
import type { TenantFacts } from "./model";

/**
 * A decision, its entry of an answer as JSON, and the same as the rest of a result that begins otherwise: `"sso","entitled":…}`.
 * Shared between answers: not to be changed.
 */
export type Told = { readonly decision: Decision; readonly text: string; readonly rest: string };

/** Entries of all catalogues' shelves together, a kilobyte each; then they are made anew. */
const mostShared = 20_000;
/** `flag`: of the feature, which has no say as long as it was not read. */
type Shelf = Map<string, { told: Told; flag: string | null }>;
const shelves = new WeakMap<Catalogue, { all: Map<string, Shelf>; entries: number }>();

/**
 * Where nobody has a say but the tenant's status, plan and add-ons, tenants with the same ones are told the same at any time: such
 * an entry is made once. It is most of what is asked, since few features of a tenant have grants, a flag that was read, or a meter.
 */
function sharedShelf(tenant: TenantFacts, catalogue: Catalogue) {
  let held = shelves.get(catalogue);
  if (!held || held.entries >= mostShared) {
    held = { all: new Map(), entries: 0 };
    shelves.set(catalogue, held);
  }
  const same = [tenant.status, tenant.plan ?? "", ...tenant.addOns.map((a) => a.plan)].join("\n");
  const shelf: Shelf = held.all.get(same) ?? new Map();
  held.all.set(same, shelf);
  return { shelf, held };
}

/** One entry for each feature that is asked for, in that order. */
export function tell(question: AnswerQuestion, readings: Readings): Told[] {
  const { tenant, catalogue, features } = question;
  const asked = features ?? listedFeatures(catalogue);
  if (!tenant) return asked.map((key) => tellOne(key, question, readings));
  const granted = new Set(tenant.grants.map((g) => g.feature));
  const { shelf, held } = sharedShelf(tenant, catalogue);
  const isRead = (flag: string | null) => flag !== null && readings.flag?.(flag) !== undefined;
  return asked.map((key) => {
    const hasGrant = granted.size > 0 && granted.has(key);
    const known = hasGrant ? undefined : shelf.get(key);
    if (known && !isRead(known.flag)) return known.told;
    const told = tellOne(key, question, readings);
    const feature = catalogue.features.get(key);
    const flag = feature?.flag?.key ?? null;
    if (!feature || feature.type === "metered" || hasGrant || isRead(flag)) return told;
    shelf.set(key, { told, flag });
    held.entries += 1;
    return told;
  });
}

function tellOne(feature: string, { tenant, catalogue, now, requested }: AnswerQuestion, readings: Readings): Told {
  const decision = decide({ tenant, catalogue, feature, now, requested, ...readingsOf(readings, catalogue.features.get(feature)) });
  const text = JSON.stringify(entitlement(decision, tenant, catalogue));
  return { decision, text, rest: `${JSON.stringify(decision.feature)},${text.slice(1)}` };
}

/** The same as `answer`, as the bytes that are sent. Features are named once each. */
export function answerText(question: AnswerQuestion, readings: Readings, isStale: boolean) {
  const told = tell(question, readings);
  const decisions = told.map(({ decision }) => decision);
  const { head, validUntil } = answerHead(question, decisions, isStale);
  const entries = told.map(({ decision, text }) => `${JSON.stringify(decision.feature)}:${text}`).join(",");
  return { text: `${JSON.stringify(head).slice(0, -1)},"entitlements":{${entries}}}`, decisions, validUntil };
}
