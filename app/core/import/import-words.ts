import type { DiffLine, ListDiff } from "./catalogue-import";
import type { ImportDiff } from "./tenant-import";

export function isEmptyDiff({ features, plans, tenants }: ImportDiff): boolean {
  const lists = [...Object.values(features), ...Object.values(plans), tenants.added, tenants.changed];
  return lists.every((list) => list.length === 0);
}

const counted = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;

/** For example "adds 3 features and 1 plan; archives 2 features". */
export function summaryOf({ features, plans, tenants }: ImportDiff): string {
  const clause = (verb: string, kind: keyof ListDiff, people?: DiffLine[]) => {
    const parts: string[] = [];
    if (features[kind].length > 0) parts.push(counted(features[kind].length, "feature", "features"));
    if (plans[kind].length > 0) parts.push(counted(plans[kind].length, "plan or add-on", "plans and add-ons"));
    if (people && people.length > 0) parts.push(counted(people.length, "tenant", "tenants"));
    return parts.length === 0 ? null : `${verb} ${parts.join(", ")}`;
  };
  const clauses = [
    clause("adds", "added", tenants.added),
    clause("changes", "changed", tenants.changed),
    clause("archives", "archived"),
    clause("restores", "restored"),
  ];
  return clauses.filter((c) => c !== null).join("; ") || "changes nothing";
}

const signs = { added: "+", changed: "~", archived: "-", restored: "^" } as const;
const titles = { added: "added", changed: "changed", archived: "archived", restored: "restored" } as const;

/** The whole diff as lines for a terminal. */
export function diffText({ features, plans, tenants }: ImportDiff): string[] {
  const section = (what: string, diff: { [kind in keyof ListDiff]?: DiffLine[] }) =>
    (Object.keys(signs) as (keyof ListDiff)[]).flatMap((kind) => {
      const list = diff[kind] ?? [];
      return list.length === 0 ? [] : [`${what} ${titles[kind]} (${list.length})`, ...list.map((line) => lineText(signs[kind], line))];
    });
  const skipped = tenants.skipped.map((over) => `  . ${over}`);
  return [
    ...section("Features", features),
    ...section("Plans and add-ons", plans),
    ...section("Tenants", { added: tenants.added, changed: tenants.changed }),
    ...(skipped.length > 0 ? [`Grants left out, since they are over (${skipped.length})`, ...skipped] : []),
  ];
}

function lineText(sign: string, { key, name, what }: DiffLine): string {
  const label = name === key ? key : `${key} (${name})`;
  return what.length === 0 ? `  ${sign} ${label}` : `  ${sign} ${label}: ${what.join("; ")}`;
}
