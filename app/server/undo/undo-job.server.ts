import { describeJob, undoOfJob } from "~/core/jobs/describe-job";
import { type Job, type JobItemState, repeatProblem } from "~/core/jobs/job";
import type { Actor } from "~/core/model";
import { refuse } from "~/core/outcome";
import type { UndoParams } from "~/core/undo/undo-params";
import { createJob, type JobCreated } from "~/server/jobs/jobs.server";
import type { Services } from "~/server/services.server";
import { catalogueEntriesOf, newestSeqOf } from "~db/store/change-sets.server";
import { readJob } from "~db/store/jobs.server";
import { whyClosedUndo } from "./closed-undo.server";
import type { FoundAct } from "./undo.server";

/** An act has a few, because one of them may hold the whole catalogue. */
const maxCatalogueEntries = 100;

type HowToRun = { isPreview: boolean; partial: boolean; note?: string | null; zone: string };

/** Queues the undo of a large act, or its preview. */
export async function createUndoJob(
  services: Services,
  actor: Actor,
  { seq, rows, act, entries }: FoundAct,
  { isPreview, partial, note = null, zone }: HowToRun,
): Promise<JobCreated> {
  const { readAside: q, tables: t } = services.db;
  const changeSet = rows[0]?.changeSet;
  if (!changeSet) return refuse("not_undoable", "This entry is older than the history it would be undone from.");
  // One act's entries have one actor, and the first ones have all actions of a bulk act on trials.
  const closed = await whyClosedUndo(q, t, actor, rows);
  if (closed) return closed;
  const catalogue = await catalogueEntriesOf(q, t, changeSet, maxCatalogueEntries + 1);
  if (catalogue.length > maxCatalogueEntries)
    return refuse(
      "not_undoable",
      `This act changed the catalogue more than ${maxCatalogueEntries} times, which is too many to undo at once.`,
    );
  const job = await readJob(q, t, changeSet);
  const params: UndoParams = {
    ...{ seq, changeSet, partial, zone, only: null },
    lastSeq: await newestSeqOf(q, t, changeSet),
    catalogue: catalogue.map((row) => row.seq),
    total: entries - catalogue.length + Math.min(catalogue.length, 1),
    right: act,
    summary: job && describeJob(job, services.facts.catalogue()),
  };
  return createJob(services, actor, { kind: "undo", params, keys: null, isPreview, note });
}

/** Undoes the failed or skipped tenants of an undo once more, in a new job with results of its own. */
export async function undoAgain(services: Services, actor: Actor, job: Job, state: Exclude<JobItemState, "done">): Promise<JobCreated> {
  const params = undoOfJob(job);
  if (!params) return refuse("value_invalid", "That job is no undo.");
  const problem = repeatProblem(job, state);
  if (problem !== null) return refuse("value_invalid", problem);
  const again: UndoParams = { ...params, partial: true, only: { job: job.id, state } };
  return createJob(services, actor, {
    id: `${job.id}${state[0]}`,
    kind: "undo",
    params: again,
    keys: null,
    isPreview: false,
    note: job.note,
  });
}
