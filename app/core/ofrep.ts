import { isoTime } from "./answer";
import type { Catalogue } from "./catalogue";
import type { Decision, ReasonCode } from "./decide";
import type { Feature, Json, Limit, TenantFacts } from "./model";
import { reasonMessage } from "./words";

/** OFREP wants a number where there is no limit; `unlimited: true` in the metadata says so. */
export const unlimitedNumber = Number.MAX_SAFE_INTEGER;

const reasons: Partial<Record<ReasonCode, "SPLIT" | "DISABLED" | "STATIC">> = {
  flag_on: "SPLIT",
  flag_off: "DISABLED",
  feature_archived: "DISABLED",
  tenant_suspended: "DISABLED",
  tenant_archived: "DISABLED",
  not_in_plan: "STATIC",
};

export type OfrepFlag = {
  key: string;
  value: Exclude<Json, null>;
  reason: "TARGETING_MATCH" | "SPLIT" | "DISABLED" | "STATIC";
  variant: string;
  metadata: { [name: string]: boolean | string | number };
};

/** A decision as an OpenFeature flag. The value is always there and always of the feature's type: clients disagree about what its absence means. */
export function ofrepFlag(decision: Decision, feature: Feature, tenant: TenantFacts, catalogue: Catalogue): OfrepFlag {
  return {
    key: decision.feature,
    value: flagValue(decision, feature),
    reason: reasons[decision.reason] ?? "TARGETING_MATCH",
    variant: variantOf(decision, feature),
    metadata: metadataOf(decision, tenant, catalogue),
  };
}

function flagValue({ entitled, value, amount }: Decision, feature: Feature): OfrepFlag["value"] {
  if (feature.type === "boolean") return entitled;
  if (feature.type === "metered") {
    if (!entitled || !amount) return 0;
    return amount.limit === "unlimited" ? unlimitedNumber : amount.limit;
  }
  const { kind } = feature.config;
  const given = entitled ? value : undefined;
  if (kind === "number") return typeof given === "number" ? given : 0;
  if (kind === "text") return typeof given === "string" ? given : "";
  if (given === undefined) return {};
  // The protocol has objects and no lists; what is no object stands in one.
  return typeof given === "object" && given !== null && !Array.isArray(given) ? given : { value: given };
}

function variantOf({ entitled, source, sources }: Decision, feature: Feature): string {
  if (!entitled) return "off";
  if (feature.type === "boolean") return "on";
  const winner = sources.find((s) => s.wins);
  return winner?.source === "plan" || winner?.source === "add_on" ? winner.plan : (source ?? "on");
}

function metadataOf(decision: Decision, tenant: TenantFacts, catalogue: Catalogue): OfrepFlag["metadata"] {
  const { entitled, reason, source, amount, expiresAt, isStale } = decision;
  const consumption = amount ?? decision.consumption;
  return {
    tenant: tenant.key,
    ...(tenant.plan === null ? {} : { plan: tenant.plan }),
    entitled,
    source: source ?? "none",
    code: reason,
    message: reasonMessage(decision, tenant, catalogue),
    ...(expiresAt === null ? {} : { expiresAt: isoTime(expiresAt) }),
    ...(amount ? numberOr("limit", amount.limit) : {}),
    ...(consumption ? { ...numberOr("used", consumption.used), ...numberOr("remaining", consumption.remaining) } : {}),
    ...(entitled && amount?.limit === "unlimited" ? { unlimited: true } : {}),
    ...(consumption?.resetsAt ? { resetsAt: isoTime(consumption.resetsAt) } : {}),
    ...(isStale ? { isStale } : {}),
  };
}

const numberOr = (name: string, limit: Limit | undefined) => (typeof limit === "number" ? { [name]: limit } : {});
