import type { Catalogue } from "./catalogue";
import { type Decision, decide } from "./decide";
import type { Feature, FlagReading, Instant, TenantFacts, Usage } from "./model";
import type { Source } from "./sources";
import { reasonMessage } from "./words";

/** ISO 8601 in UTC, as every instant on the wire. */
export function isoTime(at: Instant): string {
  return new Date(at).toISOString();
}

const isoOrNull = (at: Instant | null) => (at === null ? null : isoTime(at));

/** What the caller knows besides the facts: consumption and flags of the tenant that is asked about. */
export type Readings = {
  usage?: (feature: string) => Usage | undefined;
  flag?: (flag: string) => FlagReading | undefined;
};

/** Of these, what one feature's decision reads. */
export function readingsOf({ usage, flag }: Readings, feature: Feature | undefined): { usage?: Usage; flag?: FlagReading } {
  return { usage: feature ? usage?.(feature.key) : undefined, flag: feature?.flag ? flag?.(feature.flag.key) : undefined };
}

/** One entry of an answer, in the order of fields that equal bytes depend on. */
export function entitlement(decision: Decision, tenant: TenantFacts | null, catalogue: Catalogue) {
  const { availableIn, amount: consumption = decision.consumption } = decision;
  return {
    entitled: decision.entitled,
    type: decision.type,
    ...(decision.value === undefined ? {} : { value: decision.value }),
    ...(consumption ? { ...consumption, resetsAt: isoOrNull(consumption.resetsAt) } : {}),
    source: decision.source,
    reason: { code: decision.reason, message: reasonMessage(decision, tenant, catalogue) },
    expiresAt: isoOrNull(decision.expiresAt),
    validUntil: isoOrNull(decision.validUntil),
    ...(availableIn.length > 0 ? { availableIn } : {}),
    ...(decision.isStale ? { isStale: true } : {}),
    sources: decision.sources.map((s) => sourceOnWire(s, decision.type)),
  };
}
export type Entitlement = ReturnType<typeof entitlement>;

function sourceOnWire(source: Source, type: Decision["type"]) {
  const { source: kind, wins, ...rest } = source;
  const { value, expiresAt, from, ...ids } = rest as typeof rest & { value?: unknown; expiresAt?: Instant | null; from?: string };
  return {
    source: kind,
    ...ids,
    ...(from !== undefined && from !== (ids as { plan?: string }).plan ? { from } : {}),
    ...(type === "metered" && value !== undefined ? { limit: value } : {}),
    ...(type === "config" && value !== undefined ? { value } : {}),
    ...(expiresAt === undefined ? {} : { expiresAt: isoOrNull(expiresAt) }),
    ...(wins ? { wins } : {}),
  };
}

export type Answer = {
  tenant: string;
  plan: string | null;
  validUntil: string | null;
  revision: number;
  isStale: boolean;
  entitlements: { [feature: string]: Entitlement };
};

/** Every feature that bulk answers list, in order of key: all but the archived. */
export function listedFeatures(catalogue: Catalogue): string[] {
  const keys: string[] = [];
  for (const feature of catalogue.features.values()) if (feature.archivedAt === null) keys.push(feature.key);
  return keys;
}

/** `features` null: all that are listed. */
export type AnswerQuestion = {
  key: string;
  tenant: TenantFacts | null;
  catalogue: Catalogue;
  features: string[] | null;
  now: Instant;
  requested?: number;
};

/**
 * The whole answer for one tenant.
 * `isStale`: the facts could not be read again; what was last known is answered.
 */
export function answer(
  question: AnswerQuestion,
  readings: Readings,
  isStale: boolean,
): { body: Answer; decisions: Decision[]; validUntil: Instant | null } {
  const { tenant, catalogue, now, requested } = question;
  const entitlements: Answer["entitlements"] = Object.create(null);
  const decisions: Decision[] = [];
  for (const feature of question.features ?? listedFeatures(catalogue)) {
    const decision = decide({ tenant, catalogue, feature, now, requested, ...readingsOf(readings, catalogue.features.get(feature)) });
    decisions.push(decision);
    entitlements[feature] = entitlement(decision, tenant, catalogue);
  }
  const { head, validUntil } = answerHead(question, decisions, isStale);
  return { body: { ...head, entitlements }, decisions, validUntil };
}

/** What an answer says besides its entries. */
export function answerHead({ key, tenant, catalogue }: AnswerQuestion, decisions: Decision[], isStale: boolean) {
  let validUntil: Instant | null = null;
  let staleFlag = false;
  for (const decision of decisions) {
    staleFlag ||= decision.isStale;
    if (decision.validUntil !== null && (validUntil === null || decision.validUntil < validUntil)) validUntil = decision.validUntil;
  }
  const head: Omit<Answer, "entitlements"> = {
    tenant: key,
    plan: tenant?.plan ?? null,
    validUntil: isoOrNull(validUntil),
    revision: Math.max(tenant?.revision ?? 0, catalogue.revision),
    isStale: isStale || staleFlag,
  };
  return { head, validUntil };
}
