import { type Refusal, refuse } from "~/core/outcome";

/** Preconditions of a change. `mustExist` is `If-Match: *`, `mustBeNew` is `If-None-Match: *`. */
export type Conditions = { tags: string[] | null; mustExist: boolean; mustBeNew: boolean };

export const noConditions: Conditions = { tags: null, mustExist: false, mustBeNew: false };

const tagList = /^\s*(W\/)?"[^"]*"(\s*,\s*(W\/)?"[^"]*")*\s*$/;

export const revisionTag = (revision: number) => `"${revision}"`;

/** The revision in our own tag, plain or followed by a hash; null for weak or foreign tags. */
function revisionIn(tag: string): number | null {
  const [, digits] = /^"(\d{1,15})(\.[\w-]+)?"$/.exec(tag) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** Accepted revisions, or undefined for any. A foreign tag matches none. */
export const revisionsIn = ({ tags }: Conditions): number[] | undefined => tags?.map((tag) => revisionIn(tag) ?? -1);

/** A malformed header, and what would be valid. */
type Unreadable = { cannotBe: "If-Match" | "If-None-Match"; detail: string };

const unreadable = { cannotBe: "If-Match", detail: "If-Match is invalid: send a quoted ETag from a response, or *." } as const;
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

/**
 * `version` is the revision, or the tag of something without one; null if it does not exist. A weak tag never matches,
 * because the change would apply to something nobody saw.
 */
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
