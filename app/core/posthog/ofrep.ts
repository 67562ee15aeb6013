import type { Catalogue } from "~/core/catalogue/catalogue";
import { askPartOf } from "~/core/decision/answer";
import type { Decision, ReasonCode } from "~/core/decision/decide";
import { reasonMessage } from "~/core/decision/reason-message";
import type { Feature, Json, Limit, TenantFacts } from "~/core/model";
import { isoTime } from "~/core/time";

/** OFREP needs a number for "unlimited"; `unlimited: true` in the metadata marks it. */
export const unlimitedNumber = Number.MAX_SAFE_INTEGER;

const reasons: Partial<Record<ReasonCode, "SPLIT" | "DISABLED" | "STATIC">> = {
  tenant_not_found: "DISABLED",
  flag_on: "SPLIT",
  flag_off: "DISABLED",
  feature_archived: "DISABLED",
  tenant_suspended: "DISABLED",
  tenant_archived: "DISABLED",
  not_in_plan: "STATIC",
};

export type OfrepFlag = {
  key: string;
  /** Absent if a denial has no value; the SDK then uses the code's default. */
  value?: Exclude<Json, null>;
  reason: "TARGETING_MATCH" | "SPLIT" | "DISABLED" | "STATIC";
  variant: string;
  metadata: { [name: string]: boolean | string | number };
};

/** `tenant` is null if it does not exist; every flag is then off. */
export function ofrepFlag(
  decision: Decision,
  feature: Feature,
  { key, tenant }: { key: string; tenant: TenantFacts | null },
  catalogue: Catalogue,
): OfrepFlag {
  const value = flagValue(decision, feature);
  return {
    key: decision.feature,
    ...(value === undefined ? {} : { value }),
    reason: reasons[decision.reason] ?? "TARGETING_MATCH",
    variant: variantOf(decision, feature),
    metadata: { tenant: key, ...metadataOf(decision, tenant, catalogue) },
  };
}

/**
 * A denial is `false`, or 0 for a metered feature. A config feature has no value that means no: 0 is the best number if
 * lower is better, and an empty text or object may be an ordinary value. The value is then absent, so the SDK uses the
 * code's default.
 */
function flagValue({ entitled, value, amount }: Decision, feature: Feature): OfrepFlag["value"] {
  if (feature.type === "boolean") return entitled;
  if (feature.type === "metered") {
    if (!entitled || !amount) return 0;
    return amount.limit === "unlimited" ? unlimitedNumber : amount.limit;
  }
  if (!entitled || value === undefined || value === null) return undefined;
  // The protocol has objects and no lists; other values are wrapped in an object.
  const isPlain = typeof value === "object" && !Array.isArray(value);
  return feature.config.kind === "json" && !isPlain ? { value } : value;
}

function variantOf({ entitled, source, sources }: Decision, feature: Feature): string {
  if (!entitled) return "off";
  if (feature.type === "boolean") return "on";
  const winner = sources.find((s) => s.wins);
  return winner?.source === "plan" || winner?.source === "add_on" ? winner.plan : (source ?? "on");
}

function metadataOf(decision: Decision, tenant: TenantFacts | null, catalogue: Catalogue): OfrepFlag["metadata"] {
  const { entitled, reason, source, amount, expiresAt, isStale } = decision;
  const consumption = amount ?? decision.consumption;
  return {
    ...(tenant?.plan ? { plan: tenant.plan } : {}),
    entitled,
    source: source ?? "none",
    code: reason,
    message: reasonMessage(decision, tenant, catalogue),
    ...(expiresAt === null ? {} : { expiresAt: isoTime(expiresAt) }),
    ...askPartOf(decision, catalogue),
    ...(amount ? numberOr("limit", amount.limit) : {}),
    ...(consumption ? { ...numberOr("used", consumption.used), ...numberOr("remaining", consumption.remaining) } : {}),
    ...(entitled && amount?.limit === "unlimited" ? { unlimited: true } : {}),
    ...(consumption?.resetsAt ? { resetsAt: isoTime(consumption.resetsAt) } : {}),
    ...(isStale ? { isStale } : {}),
  };
}

const numberOr = (name: string, limit: Limit | undefined) => (typeof limit === "number" ? { [name]: limit } : {});
