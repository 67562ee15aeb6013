import type { Json } from "~/core/model";
import type { UndoProblem } from "~/core/undo/reverted";
import type { PastEntry } from "~/core/undo/undo-change-set";
import type { UndoParams } from "~/core/undo/undo-params";
import type { UseChange } from "~/core/undo/use-change";
import type { JobBatch } from "~/server/jobs/job-work";
import type { Services } from "~/server/services.server";
import { auditRowsOf, type ChangeSetRow, entriesBefore, entriesOfTenants } from "~db/store/change-sets.server";
import { listJobItems } from "~db/store/job-items.server";
import { readJob } from "~db/store/jobs.server";
import { readPastEntry } from "./past-entries.server";

/**
 * The phases of an undo, in this order. `check`: looks at all and writes nothing. `restore`: gives the catalogue back
 * what the tenants had. `tenants`. `catalogue`: removes what nothing uses any more.
 */
type UndoPhase = "check" | "restore" | "tenants" | "catalogue";

/** Of the entries that were looked at: how many parts stay, and the first reason. */
export type LookedAt = UseChange & { stays: number; first: string | null };

/** `place`: the number of the last entry, or result of another job, that was read. */
type UndoCursor = { phase: UndoPhase; place: number | null; looked: LookedAt };

/** Entries, newest first. One that cannot be undone has a problem instead, by its subject. */
export type PastBatch = { entries: PastEntry[]; problems: Map<string, UndoProblem[]> };
/** What `next` found. */
export type FoundPast = PastBatch & { phase: UndoPhase; looked: LookedAt };
type UndoBatch = Omit<JobBatch, "cursor" | "found"> & { cursor: UndoCursor; found: FoundPast };

/** Batches that write nothing are larger. */
const checkShare = 5;

export type UndoSource = ReturnType<typeof undoSource>;

/** Finds the entries of an act, some at a time, from the newest to the oldest. */
export function undoSource({ db }: Pick<Services, "db">, params: UndoParams, isPreview: boolean) {
  const { readAside: q, tables: t } = db;
  const { changeSet, only } = params;
  const hasCatalogue = params.catalogue.length > 0;
  const afterCheck = hasCatalogue && !isPreview ? ("restore" as const) : ("tenants" as const);
  const begin: UndoCursor = {
    phase: params.partial || isPreview ? afterCheck : "check",
    place: null,
    looked: { stays: 0, first: null, plans: {}, grants: {} },
  };
  let ofCatalogue: Promise<PastBatch> | undefined;

  /** The documents around an entry never change, so they are read before the batch's transaction. */
  async function pastOf(rows: readonly ChangeSetRow[]): Promise<PastBatch> {
    const entries: PastEntry[] = [];
    const problems = new Map<string, UndoProblem[]>();
    for (const row of rows) {
      const entry = await readPastEntry(q, t, row);
      if (typeof entry === "string") problems.set(row.subject, [{ field: "", message: entry, kind: "refused" }]);
      else entries.push(entry);
    }
    return { entries, problems };
  }

  async function rowsAfter(place: number | null, size: number): Promise<{ rows: ChangeSetRow[]; place: number | null; isEnd: boolean }> {
    if (only) {
      const items = await listJobItems(q, t, only.job, { state: only.state, after: place ?? 0, size: size + 1 });
      const page = items.slice(0, size);
      const keys = [...new Set(page.map(({ subject }) => subject))];
      return { rows: await entriesOfTenants(q, t, changeSet, keys), place: page.at(-1)?.seq ?? place, isEnd: items.length <= size };
    }
    const found = await entriesBefore(q, t, changeSet, { before: place, size: size + 1 });
    const page = found.slice(0, size);
    const rows = page.filter((row) => row.subjectKind === "tenant");
    return { rows, place: page.at(-1)?.seq ?? place, isEnd: found.length <= size };
  }

  return {
    count: async () => (only ? ((await readJob(q, t, only.job))?.[only.state] ?? 0) : params.total),
    /** The catalogue's entries. */
    catalogue: (): Promise<PastBatch> => {
      ofCatalogue ??= auditRowsOf(q, t, params.catalogue).then((rows) => pastOf(rows.reverse()));
      return ofCatalogue;
    },
    async next(cursor: Json, size: number): Promise<UndoBatch> {
      const at = (cursor as UndoCursor | null) ?? begin;
      const { phase, looked } = at;
      const none = { entries: [], problems: new Map(), phase, looked };
      if (phase === "restore") return { subjects: [], cursor: { ...at, phase: "tenants" }, isLast: false, found: none };
      if (phase === "catalogue") return { subjects: [], cursor: at, isLast: true, found: none };
      const { rows, place, isEnd } = await rowsAfter(at.place, phase === "check" ? size * checkShare : size);
      const subjects = phase === "check" ? [] : [...new Set(rows.map(({ subject }) => subject))];
      const found = { ...(await pastOf(rows)), phase, looked };
      if (!isEnd) return { subjects, cursor: { ...at, place }, isLast: false, found };
      if (phase === "check") return { subjects, cursor: { ...at, phase: afterCheck, place: null }, isLast: false, found };
      return { subjects, cursor: { ...at, phase: "catalogue", place: null }, isLast: !hasCatalogue, found };
    },
  };
}
