import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Feature, FlagReading, Instant, TenantFacts, Usage } from "~/core/model";
import { effective, nextScheduled } from "~/core/schedules/effective";
import { isoOrNull } from "~/core/time";
import { type Decision, decide } from "./decide";
import { reasonMessage } from "./reason-message";
import type { Source } from "./sources";

/** Usage and flag readings of the tenant. */
export type Readings = {
  usage?: (feature: string) => Usage | undefined;
  flag?: (flag: string) => FlagReading | undefined;
};

/** The readings one feature's decision needs. */
export function readingsOf({ usage, flag }: Readings, feature: Feature | undefined): { usage?: Usage; flag?: FlagReading } {
  return { usage: feature ? usage?.(feature.key) : undefined, flag: feature?.flag ? flag?.(feature.flag.key) : undefined };
}

/** One entry of an answer. Equal bytes depend on the order of its fields. */
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
    ...askPartOf(decision, catalogue),
    ...(decision.isStale ? { isStale: true } : {}),
    sources: decision.sources.map((s) => sourceOnWire(s, decision.type)),
  };
}

export type Entitlement = ReturnType<typeof entitlement>;

/** The page where a user can ask for what the plan does not give. Other refusals are not changed by asking. */
export function askPartOf({ feature, reason }: Decision, catalogue: Catalogue): { askUrl?: string } {
  if (reason !== "not_in_plan" && reason !== "limit_reached") return {};
  const askUrl = catalogue.features.get(feature)?.askUrl;
  return askUrl === undefined ? {} : { askUrl };
}

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

/** Active features in key order, as listed by bulk answers. */
export function listedFeatures(catalogue: Catalogue): string[] {
  const keys: string[] = [];
  for (const feature of catalogue.features.values()) if (feature.archivedAt === null) keys.push(feature.key);
  return keys;
}

/** `features` null means all listed ones. */
export type AnswerQuestion = {
  key: string;
  tenant: TenantFacts | null;
  catalogue: Catalogue;
  features: string[] | null;
  now: Instant;
  requested?: number;
};

/** The same question with the tenant as it is at that instant. */
export function atItsInstant<Q extends AnswerQuestion>(question: Q): Q {
  const { tenant, catalogue, now } = question;
  const then = tenant && effective(tenant, catalogue, now);
  return then === tenant ? question : { ...question, tenant: then };
}

export function decideFeature(feature: string, { tenant, catalogue, now, requested }: AnswerQuestion, readings: Readings): Decision {
  return decide({ tenant, catalogue, feature, now, requested, ...readingsOf(readings, catalogue.features.get(feature)) });
}

/**
 * The whole answer for a tenant, as an object. `isStale`: the facts could not be refreshed, and cached ones are used.
 * Checks send `answerText`, which has the same bytes but keeps the text of entries that tenants share: for 100 features
 * of a tenant it takes a fraction of this and `JSON.stringify`. answer-json.property.test.ts compares the two.
 */
export function answer(
  asked: AnswerQuestion,
  readings: Readings,
  isStale: boolean,
): { body: Answer; decisions: Decision[]; validUntil: Instant | null } {
  const question = atItsInstant(asked);
  const { tenant, catalogue } = question;
  const entitlements: Answer["entitlements"] = Object.create(null);
  const decisions: Decision[] = [];
  for (const feature of question.features ?? listedFeatures(catalogue)) {
    const decision = decideFeature(feature, question, readings);
    decisions.push(decision);
    entitlements[feature] = entitlement(decision, tenant, catalogue);
  }
  const { head, validUntil } = answerHead(question, decisions, isStale);
  return { body: { ...head, entitlements }, decisions, validUntil };
}

/** The part of an answer besides its entries. `tenant` is as it is at the instant. */
export function answerHead({ key, tenant, catalogue, now }: AnswerQuestion, decisions: Decision[], isStale: boolean) {
  // The plan is part of the answer, whichever features were requested.
  let validUntil: Instant | null = tenant && nextScheduled(tenant, now);
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
