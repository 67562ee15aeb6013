import type { Filter, Properties } from "./wire";

/** The filter is invalid; PostHog then reports the flag as failed. */
export class UnknownOperator extends Error {}

/** The flags service compares strings; other JSON is serialized. */
const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

const asciiLower = (value: unknown) => text(value).replace(/[A-Z]/g, (letter) => letter.toLowerCase());

function number(value: unknown): number {
  if (typeof value === "number") return value;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text(value)) ? Number(text(value)) : Number.NaN;
}

const isBoolish = (value: unknown): boolean =>
  Array.isArray(value) ? value.every(isBoolish) : typeof value === "boolean" || /^(true|false)$/i.test(String(value));
const isTruthy = (value: unknown): boolean =>
  Array.isArray(value) ? value.every(isTruthy) : value === true || (typeof value === "string" && /^true$/i.test(value));

function isExactly(wanted: unknown, actual: unknown): boolean {
  if (isBoolish(wanted)) return isTruthy(wanted) === isTruthy(actual);
  const found = text(actual).toLowerCase();
  return (Array.isArray(wanted) ? wanted : [wanted]).some((one) => text(one).toLowerCase() === found);
}

function hasMatch(pattern: unknown, actual: unknown): boolean | null {
  try {
    return new RegExp(text(pattern)).test(text(actual));
  } catch {
    return null;
  }
}

const daysOf: Record<string, number> = { h: 1 / 24, d: 1, w: 7, m: 30, y: 365 };

/** ISO 8601, or relative such as "-7d". Months and years are 30 and 365 days, precise enough for a stand-in. */
function instant(value: unknown): number {
  const [, count, unit] = /^-?(\d{1,4})([hdwmy])$/.exec(text(value)) ?? [];
  if (count && unit) return Date.now() - Number(count) * (daysOf[unit] ?? 0) * 86_400_000;
  return typeof value === "number" ? value : Date.parse(text(value));
}

function semver(value: unknown): number {
  const [numbers = ""] = text(value).trim().replace(/^v/i, "").split(/[-+]/);
  if (numbers === "") return Number.NaN;
  const [major, minor = "0", patch = "0"] = numbers.split(".");
  return Number(major) * 1e12 + Number(minor) * 1e6 + Number(patch);
}

const isIn: Record<string, (a: number, b: number) => boolean> = {
  gt: (a, b) => a > b,
  gte: (a, b) => a >= b,
  lt: (a, b) => a < b,
  lte: (a, b) => a <= b,
  eq: (a, b) => a === b,
  neq: (a, b) => a !== b && !Number.isNaN(a) && !Number.isNaN(b),
};

/** Evaluates a filter. The server knows all properties, so absent ones are decidable, unlike in local evaluation. */
export function holds(filter: Filter, properties: Properties): boolean {
  const operator = filter.operator ?? "exact";
  const isSet = Object.hasOwn(properties, filter.key);
  const actual = properties[filter.key];
  if (operator === "is_set") return isSet;
  if (operator === "is_not_set") return !isSet;
  if (operator === "is_not") return !isSet || !isExactly(filter.value, actual);
  const negated = /^not_(icontains|starts_with|ends_with|regex)$/.exec(operator)?.[1];
  if (!isSet) return negated !== undefined;

  switch (negated ?? operator) {
    case "exact":
      return isExactly(filter.value, actual);
    case "icontains":
      return asciiLower(actual).includes(asciiLower(filter.value)) !== Boolean(negated);
    case "starts_with":
      return asciiLower(actual).startsWith(asciiLower(filter.value)) !== Boolean(negated);
    case "ends_with":
      return asciiLower(actual).endsWith(asciiLower(filter.value)) !== Boolean(negated);
    case "regex": {
      const matched = hasMatch(filter.value, actual);
      return matched !== null && matched !== Boolean(negated);
    }
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return isIn[operator]?.(number(actual), number(filter.value)) ?? false;
    case "min":
      return number(actual) >= number(filter.value);
    case "max":
      return number(actual) <= number(filter.value);
    case "is_date_exact":
      return instant(actual) === instant(filter.value);
    case "is_date_before":
      return instant(actual) < instant(filter.value);
    case "is_date_after":
      return instant(actual) > instant(filter.value);
    default: {
      const compare = /^semver_(eq|neq|gte?|lte?)$/.exec(operator)?.[1];
      if (!compare) throw new UnknownOperator(operator);
      return isIn[compare]?.(semver(actual), semver(filter.value)) ?? false;
    }
  }
}
