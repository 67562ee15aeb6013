import type { JobItem } from "~/core/jobs/job";
import type { Instant } from "~/core/model";
import type { NamedCatalogue } from "~/core/undo/revert-tenant";
import type { UndoProblem } from "~/core/undo/reverted";
import type { UndoneTenant } from "~/core/undo/undo-change-set";
import { catalogueSubject } from "~/core/undo/undo-params";
import { resultOf, type UndoResult, undoResult } from "~/core/undo/undo-words";
import type { Queries } from "~db/database";
import type { Schema } from "~db/schema";
import { nameLaterChanges } from "./later-changes.server";
import type { PastBatch } from "./undo-source.server";

/** A result as a job keeps it, and why a part stays: null if none does. */
type Result = { item: JobItem; stays: string | null };

type Looked = { after: number; zone: string; now: Instant };

/** A result per tenant. A refusal says by whom and when the part was changed since. */
export async function resultsOfTenants(
  q: Queries,
  t: Schema,
  undone: readonly UndoneTenant[],
  older: PastBatch["problems"],
  names: NamedCatalogue,
  looked: Looked,
): Promise<Result[]> {
  const unread = [...older.keys()].filter((key) => !undone.some((one) => one.key === key));
  const all: UndoneTenant[] = [...undone, ...unread.map((key) => ({ key, before: null, change: null, problems: [] }))];
  const parts = all.map((one) => ({ ...one, tenant: one.key, problems: [...one.problems, ...(older.get(one.key) ?? [])] }));
  const named = await nameLaterChanges(q, t, parts, { ...looked, maxSubjects: parts.length });
  return named.map((one) => resultFor(one.key, undoResult(one, names)));
}

export async function resultOfCatalogue(
  q: Queries,
  t: Schema,
  { isChanged, problems }: { isChanged: boolean; problems: UndoProblem[] },
  looked: Looked,
): Promise<Result> {
  const [named] = await nameLaterChanges(q, t, [{ tenant: null, problems }], looked);
  const all = named?.problems ?? problems;
  const goesBack = all.some(({ kind }) => kind === "refused") ? "The rest of the catalogue goes back." : "The catalogue goes back.";
  return resultFor(catalogueSubject, resultOf(isChanged ? goesBack : null, all));
}

const resultFor = (subject: string, { stays, ...result }: UndoResult): Result => ({ item: { subject, ...result }, stays });
