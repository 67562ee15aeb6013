import type { ConfigSettings, Feature, Json, Limit, Value } from "~/core/model";

/** Adds limits. `unlimited` absorbs everything; sums are clamped to 2^53 - 1. */
export function addLimits(a: Limit, b: Limit): Limit {
  if (a === "unlimited" || b === "unlimited") return "unlimited";
  return Math.min(a + b, Number.MAX_SAFE_INTEGER);
}

export function isHigherLimit(a: Limit, than: Limit): boolean {
  if (than === "unlimited") return false;
  return a === "unlimited" || a > than;
}

export function isLimit(value: unknown): value is Limit {
  return value === "unlimited" || (Number.isSafeInteger(value) && (value as number) >= 0);
}

/** True if `a` wins although it comes later in the order of sources. */
export function isBetterValue(settings: ConfigSettings, a: Value, than: Value): boolean {
  if (settings.kind === "number") {
    return settings.better === "higher" ? (a as number) > (than as number) : (a as number) < (than as number);
  }
  if (settings.kind === "text") return settings.options.indexOf(a as string) > settings.options.indexOf(than as string);
  return false;
}

function configProblem(settings: ConfigSettings, value: Json): string | null {
  if (settings.kind === "number") return typeof value === "number" && Number.isFinite(value) ? null : "must be a number";
  if (settings.kind === "json") return value === null ? "must not be null" : null;
  if (typeof value !== "string") return "must be text";
  if (settings.options.length > 0 && !settings.options.includes(value)) return `must be one of ${settings.options.join(", ")}`;
  return null;
}

/** YAML 1.2, unlike 1.1, reads on and yes as strings, so the message shows what was read. */
function notTrue(value: Value | undefined): string {
  if (typeof value === "string" && value.length <= 20) return `its value is true, not the text "${value}".`;
  const given = value === undefined ? "none" : typeof value === "number" || typeof value === "boolean" ? String(value) : "another value";
  return `its value is true, not ${given}.`;
}

/** Why this value does not fit the feature's type, as the end of a sentence, or null. */
export function valueProblem(feature: Feature, value: Value | undefined): string | null {
  switch (feature.type) {
    case "boolean":
      return value === true ? null : `is a boolean feature: ${notTrue(value)} Give true, or leave it out`;
    case "metered":
      return isLimit(value) ? null : 'needs a limit: a whole number from 0, or "unlimited"';
    case "config":
      return value === undefined ? "needs a value" : configProblem(feature.config, value);
  }
}
