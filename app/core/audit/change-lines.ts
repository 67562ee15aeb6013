import type { Json } from "~/core/model";
import { sameJson } from "~/core/same-json";

/** Names and formats of the reader. */
type LineNames = {
  feature: (key: string) => string;
  plan: (key: string) => string;
  /** An ISO time, as the reader's date and time. */
  time: (iso: string) => string;
};

/** A changed field in words. Null if the field is absent. */
export type ChangeLine = { label: string; before: string | null; after: string | null };

type Fields = { [field: string]: Json };
const isFields = (value: Json | undefined): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);
const isEmpty = (value: Json | undefined) => !isFields(value) || Object.keys(value).length === 0;
/** A name may be one that every object inherits, such as "constructor". */
const fieldOf = (fields: Fields, name: string): Json | undefined => (Object.hasOwn(fields, name) ? fields[name] : undefined);

/** Internal, or shown by the label or the entry itself. */
const hidden = new Set(["id", "revision", "extends", "restores", "createdAt"]);
const hiddenIn: { [list: string]: ReadonlySet<string> } = {
  grants: new Set([...hidden, "feature", "createdBy", "bundle"]),
  scheduled: new Set([...hidden, "by", "follows"]),
};
const isInstantField = (field: string) => /(At|Anchor|^at)$/.test(field);

const words = new Map([
  ["addedAt", "added"],
  ["archivedAt", "archived"],
  ["at", "time"],
  ["disabledAt", "disabled"],
  ["endedAt", "ended early"],
  ["endedBy", "ended by"],
  ["endsAt", "until"],
  ["expiresAt", "expiry"],
  ["includes", "included plan"],
  ["railsPassed", "guard rails passed"],
  ["periodChanges", "changes of the reset period"],
  ["resetPeriod", "reset period"],
  ["soft", "soft limit"],
  ["startsAt", "start"],
  ["usageAnchor", "start of reset periods"],
  ["whenUnknown", "when unknown"],
]);
const wordsOfField = (field: string) =>
  words.get(field) ??
  field
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replaceAll("_", " ")
    .toLowerCase();

/**
 * A record has the program's fields, a list has items by name, and metadata has fields of its writer's. `list` is set in
 * a list, and in its items.
 */
type Place = { kind: "record" | "list" | "metadata"; list?: string; field: string; label: readonly string[] };

/** The fields that differ between two documents, which `legible` has made. Both are complete, so that grants can be named. */
export function changeLines(before: Json | undefined, after: Json | undefined, names: LineNames): ChangeLine[] {
  const nameIn: { [list: string]: (name: string) => string } = {
    features: names.feature,
    entries: names.feature,
    plans: names.plan,
    addOns: names.plan,
    grants: (id) => grantName(id, [before, after], names),
    scheduled: () => "Scheduled change",
  };
  const within = ({ kind, list, label }: Place, field: string): Place => {
    const add = (part: string) => [...label, part];
    if (kind === "metadata") return { kind, field, label: add(field) };
    // The name of an item is not a field's.
    if (kind === "list") return { kind: "record", list, field: "", label: add(nameIn[list ?? ""]?.(field) ?? field) };
    if (Object.hasOwn(nameIn, field)) return { kind: "list", list: field, field, label };
    return { kind: field === "metadata" ? "metadata" : "record", list, field, label: add(wordsOfField(field)) };
  };
  const isHidden = ({ kind, list }: Place, field: string) => kind === "record" && (hiddenIn[list ?? ""] ?? hidden).has(field);

  const lines: ChangeLine[] = [];
  const collect = (was: Json | undefined, is: Json | undefined, place: Place): void => {
    if (sameJson(was, is)) return;
    const isValue = place.kind === "record" && place.field === "value";
    if (isValue || (isEmpty(was) && isEmpty(is))) {
      const text = (value: Json | undefined) => (value === undefined ? null : valueWords(place, value, names));
      const [old, now] = [text(was), text(is)];
      if (old !== now) lines.push({ label: labelOf(place), before: old, after: now });
      return;
    }
    const [old, now] = [isFields(was) ? was : {}, isFields(is) ? is : {}];
    const isAddedOrRemoved = !isFields(was) || !isFields(is);
    for (const field of new Set([...Object.keys(old), ...Object.keys(now)])) {
      const [from, to] = [fieldOf(old, field), fieldOf(now, field)];
      // What is new or gone is listed without its empty fields.
      if (isHidden(place, field) || (isAddedOrRemoved && (from ?? to ?? null) === null)) continue;
      collect(from, to, within(place, field));
    }
  };
  const [was, is] = joinReplaced(before, after);
  collect(was, is, { kind: "record", field: "", label: [] });
  return lines;
}

/**
 * A grant that changes its end is a row that ended and a new one. They are shown as one grant, so that only what differs
 * is listed.
 */
function joinReplaced(before: Json | undefined, after: Json | undefined): [Json | undefined, Json | undefined] {
  const grantsIn = (document: Json | undefined): Fields => (isFields(document) && isFields(document.grants) ? { ...document.grants } : {});
  const [was, is] = [grantsIn(before), grantsIn(after)];
  const recordOf = (grants: Fields, id: Json | undefined) => {
    const grant = typeof id === "string" ? fieldOf(grants, id) : undefined;
    return isFields(grant) ? grant : undefined;
  };
  let isJoined = false;
  for (const [id, grant] of Object.entries(is)) {
    if (!isFields(grant) || Object.hasOwn(was, id)) continue;
    const [former, ended] = [recordOf(was, grant.extends), recordOf(is, grant.extends)];
    if (!former || !ended || (former.endedAt ?? null) !== null || (ended.endedAt ?? null) === null) continue;
    was[id] = { ...former, startsAt: grant.startsAt ?? null };
    delete was[grant.extends as string];
    delete is[grant.extends as string];
    isJoined = true;
  }
  const withGrants = (document: Json | undefined, grants: Fields) => (isFields(document) ? { ...document, grants } : document);
  return isJoined ? [withGrants(before, was), withGrants(after, is)] : [before ?? undefined, after ?? undefined];
}

/** "Single sign-on · until". Names keep their first letter. */
function labelOf({ list, label }: Place): string {
  if (label.length === 0) return "value";
  const text = label.join(" · ");
  return list === undefined ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

function grantName(id: string, documents: (Json | undefined)[], names: LineNames): string {
  for (const document of documents) {
    const grants = isFields(document) ? document.grants : undefined;
    const grant = isFields(grants) ? fieldOf(grants, id) : undefined;
    if (isFields(grant) && typeof grant.feature === "string") return names.feature(grant.feature);
  }
  return id;
}

function valueWords({ kind, field }: Place, value: Json, names: LineNames): string {
  if (value === null) return "none";
  if (value === true) return "yes";
  if (value === false) return "no";
  if (typeof value === "number") return value.toLocaleString("en", { maximumFractionDigits: 20 });
  if (typeof value === "string") {
    if (kind === "record" && isInstantField(field) && !Number.isNaN(Date.parse(value))) return names.time(value);
    if (kind === "record" && (field === "plan" || field === "includes")) return names.plan(value);
    return value === "" ? "empty" : value;
  }
  if (kind === "record" && field === "periodChanges" && Array.isArray(value))
    return value.map((change) => (isFields(change) ? `from ${change.from} (${change.counts})` : "")).join(", ");
  if (Array.isArray(value) && value.every((item) => typeof item === "string" || typeof item === "number"))
    return value.length === 0 ? "none" : value.join(", ");
  return isEmpty(value) && isFields(value) ? "none" : JSON.stringify(value);
}
