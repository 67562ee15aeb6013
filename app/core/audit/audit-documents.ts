import type { Json } from "~/core/model";
import { sameJson } from "~/core/same-json";
import { isoTime } from "~/core/time";

type Fields = { [field: string]: Json };
const isFields = (value: Json | undefined): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

/** Lists whose items have names, and the field that holds the name. */
const named: { [list: string]: string } = {
  features: "key",
  plans: "key",
  grants: "id",
  addOns: "plan",
  entries: "feature",
  scheduled: "id",
};

/** Free-form values, shown unchanged. */
const opaque = new Set(["metadata", "value", "config"]);

const isInstant = (field: string, value: Json): value is number => typeof value === "number" && /(At|Anchor|^at)$/.test(field);

/** An audit document for the API: instants as ISO times. */
export function withTimes(document: Json): Json {
  if (Array.isArray(document)) return document.map(withTimes);
  if (!isFields(document)) return document;
  const fields = Object.entries(document);
  return Object.fromEntries(
    fields.map(([field, value]): [string, Json] => {
      if (opaque.has(field)) return [field, value];
      return [field, isInstant(field, value) ? isoTime(value) : withTimes(value)];
    }),
  );
}

/**
 * An audit document for comparison: lists keyed by their items' names, so that an insertion does not shift the rest;
 * instants as times; without internal ids.
 */
export function legible(document: Json): Json {
  if (!isFields(document)) return document;
  const fields = Object.entries(document).filter(([field]) => field !== "revision");
  return Object.fromEntries(
    fields.map(([field, value]): [string, Json] => {
      if (opaque.has(field)) return [field, value];
      if (isInstant(field, value)) return [field, isoTime(value)];
      const by = named[field];
      if (by !== undefined && Array.isArray(value)) return [field, byName(value, by)];
      return [field, legible(value)];
    }),
  );
}

function byName(list: Json[], by: string): Json {
  return Object.fromEntries(
    list.map((item, i): [string, Json] => {
      if (!isFields(item)) return [String(i), item];
      const { [by]: name, ...rest } = item;
      const only = Object.keys(rest).length === 1 ? rest.value : undefined;
      return [String(name), only === undefined ? legible(rest) : only];
    }),
  );
}

/** Removes what is equal in both. Of an added or removed object, removes empty fields. */
export function onlyDifferent(before: Json | undefined, after: Json | undefined): { before: Json | undefined; after: Json | undefined } {
  if (sameJson(before, after)) return { before: undefined, after: undefined };
  if (before === null && isFields(after)) return { before: undefined, after: withoutNulls(after) };
  if (after === null && isFields(before)) return { before: withoutNulls(before), after: undefined };
  if (!isFields(before) || !isFields(after)) return { before, after };
  const was: Fields = {};
  const is: Fields = {};
  for (const field of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [before[field], after[field]];
    const whole = isFields(old) || isFields(now);
    const rest = whole ? onlyDifferent(old ?? null, now ?? null) : onlyDifferent(old, now);
    if (rest.before !== undefined) was[field] = rest.before;
    if (rest.after !== undefined) is[field] = rest.after;
  }
  return { before: was, after: is };
}

function withoutNulls(fields: Fields): Fields {
  const kept = Object.entries(fields).filter(([, value]) => value !== null);
  return Object.fromEntries(kept.map(([field, value]) => [field, isFields(value) ? withoutNulls(value) : value]));
}

/** Number of leaf values. */
export function leaves(value: Json | undefined): number {
  if (value === undefined) return 0;
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce<number>((sum, child) => sum + leaves(child), 0);
}
