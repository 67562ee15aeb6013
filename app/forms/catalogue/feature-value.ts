import type { FeatureKind } from "~/core/catalogue/feature-changes";
import { isLimit } from "~/core/decision/values";
import type { Value } from "~/core/model";
import { isExactNumber } from "~/forms/exact-json";
import { readJson } from "~/forms/json-text";

export type ReadValue = { ok: true; value: Value } | { ok: false; message: string };

/** Parses a typed value by the feature's type. */
export function readValue(feature: FeatureKind, typed: string | undefined): ReadValue {
  const text = typed?.trim() ?? "";
  const no = (message: string): ReadValue => ({ ok: false, message });
  if (feature.type === "boolean") return { ok: true, value: true };
  if (feature.type === "metered") {
    if (text.toLowerCase() === "unlimited") return { ok: true, value: "unlimited" };
    const limit = /^\d{1,3}(,\d{3})+$|^\d+$/.test(text) ? Number(text.replaceAll(",", "")) : Number.NaN;
    return isLimit(limit) ? { ok: true, value: limit } : no("Give a limit: a whole number from 0, or the word unlimited.");
  }
  const { config } = feature;
  if (config.kind === "number") {
    const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
    if (!Number.isFinite(number)) return no("Give a number, such as 10 or 2.5.");
    return isExactNumber(text)
      ? { ok: true, value: number }
      : no(`This has more digits than can be stored: it would become ${number}. Give fewer.`);
  }
  if (config.kind === "text") {
    if (text === "") return no(config.options.length > 0 ? "Choose a value." : "Give a value.");
    const fits = config.options.length === 0 || config.options.includes(text);
    return fits ? { ok: true, value: text } : no(`Choose one of ${config.options.join(", ")}.`);
  }
  if (text === "") return no("Give a value as JSON.");
  const json = readJson(text);
  if (!json.ok) return json;
  return json.value === null ? no("null stands for nothing: give another value.") : { ok: true, value: json.value };
}

/** Formats a value as it is typed. */
export function writeValue(feature: FeatureKind, value: Value): string {
  if (feature.type === "config" && feature.config.kind === "json") return JSON.stringify(value, null, 2);
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** A feature's key inside a field's name, where a dot would start a nested field. Keys contain no ~. */
export const nameOfKey = (key: string) => key.replaceAll(".", "~");
