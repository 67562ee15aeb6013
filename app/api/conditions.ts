import { type Refusal, refuse } from "~/core/outcome";

/** What the caller saw: only then is the change made. `mustExist` is `If-Match: *`, `mustBeNew` is `If-None-Match: *`. */
export type Conditions = { tags: string[] | null; mustExist: boolean; mustBeNew: boolean };

export const noConditions: Conditions = { tags: null, mustExist: false, mustBeNew: false };

const tagList = /^\s*(W\/)?"[^"]*"(\s*,\s*(W\/)?"[^"]*")*\s*$/;

export const revisionTag = (revision: number) => `"${revision}"`;

/** The revision in a tag of ours, bare or with a mark of the bytes after it; null: it is none of ours, or a weak one. */
function revisionIn(tag: string): number | null {
  const [, digits] = /^"(\d{1,15})(\.[\w-]+)?"$/.exec(tag) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** Those that will do; undefined: any. A tag that is none of ours stands for none. */
export const revisionsIn = ({ tags }: Conditions): number[] | undefined => tags?.map((tag) => revisionIn(tag) ?? -1);

/** A header that makes no sense, and what would. */
type Unreadable = { cannotBe: "If-Match" | "If-None-Match"; detail: string };

const unreadable = { cannotBe: "If-Match", detail: "If-Match cannot be read: send an ETag in quotes, as it was answered, or *." } as const;
const onlyStar = {
  cannotBe: "If-None-Match",
  detail:
    "Of a write only If-None-Match: * has a meaning: create it, and change nothing that is there. To change what you read, send its ETag as If-Match.",
} as const;

/** Of a write. */
export function readConditions(match: string | undefined, noneMatch: string | undefined): Conditions | Unreadable {
  if (match === undefined && noneMatch === undefined) return noConditions;
  if (noneMatch !== undefined && noneMatch.trim() !== "*") return onlyStar;
  const mustBeNew = noneMatch !== undefined;
  if (match === undefined) return { ...noConditions, mustBeNew };
  if (match.trim() === "*") return { tags: null, mustExist: true, mustBeNew };
  if (!tagList.test(match)) return unreadable;
  return { tags: match.match(/(W\/)?"[^"]*"/g) ?? [], mustExist: true, mustBeNew };
}

/** `version`: its revision, or the tag of what has none; null: there is no such thing. A weak tag matches nothing here: the change would be made to what nobody saw. */
export function conditionProblem(
  what: string,
  version: number | string | null,
  { tags, mustExist, mustBeNew }: Conditions,
): Refusal | null {
  if (mustBeNew && version !== null)
    return refuse("stale", `There is ${what} already. Read it, then change it with If-Match.`, "If-None-Match");
  if (!mustExist) return null;
  if (version === null) return refuse("stale", `There is no ${what} any more. Leave If-Match out to create it.`, "If-Match");
  if (tags === null || tags.some((tag) => tag === version || revisionIn(tag) === version)) return null;
  return refuse("stale", `${what} was changed since you read it. Read it again, then send the change with its new ETag.`, "If-Match");
}
