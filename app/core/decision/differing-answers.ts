import { listedFeatures } from "./answer";
import { type AnswerRow, answerRow, byGroupAndName, type TenantWorld } from "./answer-row";

/** A feature's answer as one line: the value of a feature that has one, and why. */
type Side = Pick<AnswerRow, "entitled" | "gives" | "message"> | null;
/** A feature that two instants answer differently. Null: the catalogue did not list it. */
export type DifferingAnswer = { key: string; name: string; before: Side; after: Side };

/** Features whose answer differs between two worlds of a tenant: yes or no, its value, or its reason. Use does not count. */
export function differingAnswers(before: TenantWorld, after: TenantWorld): DifferingAnswer[] {
  const keys = new Set([...listedFeatures(before.catalogue), ...listedFeatures(after.catalogue)]);
  const differing: (DifferingAnswer & { group: string | null })[] = [];
  for (const key of keys) {
    const [was, is] = [rowIn(before, key), rowIn(after, key)];
    if (isAlike(was, is)) continue;
    const { name, group } = (is ?? was) as AnswerRow;
    differing.push({ key, name, group, before: sideOf(was), after: sideOf(is) });
  }
  return differing.sort(byGroupAndName).map(({ group: _, ...row }) => row);
}

function rowIn(world: TenantWorld, key: string): AnswerRow | null {
  const feature = world.catalogue.features.get(key);
  // Use changes all the time, and the page of limits shows it.
  const readings = { flag: world.readings.flag };
  return feature && feature.archivedAt === null ? answerRow({ ...world, readings }, feature) : null;
}

const isAlike = (a: AnswerRow | null, b: AnswerRow | null): boolean =>
  a === b ||
  (a !== null &&
    b !== null &&
    a.entitled === b.entitled &&
    a.gives === b.gives &&
    a.source === b.source &&
    a.expiresAt === b.expiresAt &&
    (a.entitled || a.reason === b.reason));

const sideOf = (row: AnswerRow | null): Side => row && { entitled: row.entitled, gives: row.gives, message: row.message };
