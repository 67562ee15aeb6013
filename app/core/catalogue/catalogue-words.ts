import { limitWords } from "~/core/decision/reason-message";
import { isLimit } from "~/core/decision/values";
import type { ConfigSettings, Feature, FlagLink, Limit, MeterSettings, Plan, Value } from "~/core/model";
import { sameJson } from "~/core/same-json";
import { shorten } from "~/core/text";

/** A plan's or grant's value, short enough for a table cell. */
export function describeValue(feature: Feature | undefined, value: Value): string {
  if (value === true && feature?.type !== "config") return "on";
  if (feature?.type === "metered" && isLimit(value)) return limitWords(value as Limit, feature.meter.unit);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return shorten(text, 60);
}

const quoted = (text: string | null) => (text === null ? "none" : `“${text}”`);
const fromTo = (what: string, before: string, after: string) => `${what}: ${before} → ${after}`;

export function describeConfig(config: ConfigSettings): string {
  if (config.kind === "number") return `a number, ${config.better} is better`;
  if (config.kind === "json") return "JSON";
  return config.options.length === 0 ? "any text" : `one of ${config.options.join(", ")}`;
}

const resets = { hour: "each hour", day: "each day", week: "each week", month: "each month", year: "each year", never: "never" } as const;

export function describeMeter(meter: MeterSettings): string {
  const unit = meter.unit === null ? "" : `${meter.unit}, `;
  return `${unit}resets ${resets[meter.resetPeriod]}, ${meter.soft ? "soft" : "hard"} limit`;
}

export function describeFlag(flag: FlagLink | null): string {
  return flag === null ? "none" : `${flag.key} (rule ${flag.rule}, when unknown ${flag.whenUnknown})`;
}

/** Differences between two states of a feature, one phrase each. Archiving is described separately. */
export function featureChanges(before: Feature, after: Feature): string[] {
  const what: string[] = [];
  if (before.name !== after.name) what.push(fromTo("name", quoted(before.name), quoted(after.name)));
  if (before.group !== after.group) what.push(fromTo("group", quoted(before.group), quoted(after.group)));
  if (before.description !== after.description) what.push("description");
  if (before.askUrl !== after.askUrl) what.push(fromTo("link to ask", before.askUrl ?? "none", after.askUrl ?? "none"));
  if (before.type === "config" && after.type === "config" && !sameJson(before.config, after.config)) {
    what.push(fromTo("value", describeConfig(before.config), describeConfig(after.config)));
  }
  if (before.type === "metered" && after.type === "metered" && !sameJson(before.meter, after.meter)) {
    what.push(fromTo("limit", describeMeter(before.meter), describeMeter(after.meter)));
  }
  if (!sameJson(before.flag, after.flag)) what.push(fromTo("flag", describeFlag(before.flag), describeFlag(after.flag)));
  return what;
}

/** Differences between two states of a plan. `feature` looks up an entry's feature. */
export function planChanges(before: Plan, after: Plan, feature: (key: string) => Feature | undefined): string[] {
  const what: string[] = [];
  if (before.name !== after.name) what.push(fromTo("name", quoted(before.name), quoted(after.name)));
  if (before.description !== after.description) what.push("description");
  if (before.rank !== after.rank) what.push(fromTo("rank", String(before.rank), String(after.rank)));
  if (before.includes !== after.includes) what.push(fromTo("includes", before.includes ?? "nothing", after.includes ?? "nothing"));
  const had = new Map(before.entries.map((e) => [e.feature, e.value]));
  for (const { feature: key, value } of after.entries) {
    const old = had.get(key);
    had.delete(key);
    const now = describeValue(feature(key), value);
    if (old === undefined) what.push(now === "on" ? `adds ${key}` : `adds ${key}: ${now}`);
    else if (!sameJson(old, value)) what.push(fromTo(key, describeValue(feature(key), old), now));
  }
  for (const key of had.keys()) what.push(`removes ${key}`);
  return what;
}
