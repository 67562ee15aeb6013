import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Instant, Limit, TenantFacts } from "~/core/model";
import { listWords } from "~/core/text";
import { longDate } from "~/core/time";
import type { Decision } from "./decide";

/** "10,000" or "unlimited", and "1 seat" or "10 seats" with the unit "seats". */
export function limitWords(limit: Limit, unit?: string | null): string {
  const amount = limit === "unlimited" ? limit : String(limit).replace(/\B(?=(\d{3})+$)/g, ",");
  if (!unit) return amount;
  return `${amount} ${limit === 1 ? singular(unit) : unit}`;
}

/** The unit is an English plural, which becomes singular for one. Other units stay as typed. */
function singular(unit: string): string {
  if (/[^aeiou]ies$/i.test(unit)) return unit.replace(/ies$/i, "y");
  if (/(ss|x|sh|[^a]ch)es$/i.test(unit)) return unit.replace(/es$/i, "");
  return /[^sui]s$/i.test(unit) ? unit.slice(0, -1) : unit;
}

/** A decision's reason as one sentence. `date` writes the day of an instant; in UTC for programs. */
export function reasonMessage(
  decision: Decision,
  tenant: TenantFacts | null,
  catalogue: Catalogue,
  date: (at: Instant) => string = longDate,
): string {
  const name = (plan: string) => catalogue.plans.get(plan)?.name ?? plan;
  const until = decision.expiresAt === null ? "" : ` until ${date(decision.expiresAt)}`;
  switch (decision.reason) {
    case "tenant_not_found":
      return "There is no such tenant.";
    case "feature_not_found":
      return "There is no such feature.";
    case "feature_archived":
      return "This feature is archived.";
    case "tenant_suspended":
      return "This tenant is suspended.";
    case "tenant_archived":
      return "This tenant is archived.";
    case "override":
      return `${decision.entitled ? "Allowed" : "Denied"} by an override${until}.`;
    case "flag_off":
      return flagMessage("off", decision);
    case "flag_on":
      return flagMessage("on", decision);
    case "trial":
      return `On trial${until}.`;
    case "plan":
    case "add_on": {
      const winner = decision.sources.find((s) => s.wins);
      if (winner?.source !== "plan" && winner?.source !== "add_on") return "Part of the plan.";
      const via = winner.from === winner.plan ? "" : `, from ${name(winner.from)}`;
      return `Part of ${name(winner.plan)}${via}.`;
    }
    case "not_in_plan":
      return (
        (tenant?.plan ? `Not included in ${name(tenant.plan)}.` : "This tenant has no plan.") + includedIn(decision.availableIn.map(name))
      );
    case "limit_reached": {
      const { limit, remaining = 0 } = decision.amount ?? { limit: 0 };
      const all = limitWords(limit, unitOf(decision.feature, catalogue));
      // More is requested than is left.
      return remaining === 0
        ? `The limit of ${all} is reached.`
        : `Only ${limitWords(remaining, null)} of ${all} ${remaining === 1 ? "is" : "are"} left.`;
    }
  }
}

function flagMessage(state: "on" | "off", { sources }: Decision): string {
  const flag = sources.find((s) => s.source === "flag");
  if (flag?.source !== "flag" || !flag.isAssumed) return `Switched ${state} by its feature flag.`;
  return flag.state === "not_asked"
    ? `PostHog was not asked about the feature flag, and the feature is ${state} then.`
    : `PostHog gave no answer about the feature flag, and the feature is ${state} then.`;
}

function unitOf(key: string, catalogue: Catalogue): string | null {
  const feature = catalogue.features.get(key);
  return feature?.type === "metered" ? feature.meter.unit : null;
}

/** Names up to three plans that would give the feature. */
function includedIn(plans: readonly string[]): string {
  if (plans.length === 0) return "";
  const shown = plans.length > 3 ? [...plans.slice(0, 3), `${plans.length - 3} more`] : plans;
  return ` Included in ${listWords(shown)}.`;
}
