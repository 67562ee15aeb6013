import { type Refusal, refuse } from "~/core/outcome";

/** What the caller saw: only then is the change made. `mustExist` is `If-Match: *`, `mustBeNew` is `If-None-Match: *`. */
export type Conditions = { tags: string[] | null; mustExist: boolean; mustBeNew: boolean };

export const noConditions: Conditions = { tags: null, mustExist: false, mustBeNew: false };

const tagList = /^\s*(W\/)?"[^"]*"(\s*,\s*(W\/)?"[^"]*")*\s*$/;

export const revisionTag = (revision: number) => `"${revision}"`;

/** Of a write; a string is the name of the header that cannot be read. */
export function readConditions(match: string | undefined, noneMatch: string | undefined): Conditions | string {
  if (match === undefined && noneMatch === undefined) return noConditions;
  if (noneMatch !== undefined && noneMatch.trim() !== "*") return "If-None-Match";
  const mustBeNew = noneMatch !== undefined;
  if (match === undefined) return { ...noConditions, mustBeNew };
  if (match.trim() === "*") return { tags: null, mustExist: true, mustBeNew };
  if (!tagList.test(match)) return "If-Match";
  return { tags: match.match(/(W\/)?"[^"]*"/g) ?? [], mustExist: true, mustBeNew };
}

/** `revision` null: there is no such thing. A weak tag matches nothing here: the change would be made to what nobody saw. */
export function conditionProblem(what: string, revision: number | null, { tags, mustExist, mustBeNew }: Conditions): Refusal | null {
  if (mustBeNew && revision !== null)
    return refuse("stale", `There is ${what} already. Read it, then change it with If-Match.`, "If-None-Match");
  if (!mustExist) return null;
  if (revision === null) return refuse("stale", `There is no ${what} any more. Leave If-Match out to create it.`, "If-Match");
  if (tags === null || tags.includes(revisionTag(revision))) return null;
  return refuse("stale", `${what} was changed since you read it. Read it again, then send the change with its new ETag.`, "If-Match");
}
