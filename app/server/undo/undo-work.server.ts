import { actorOfJob, type Job, type JobItem } from "~/core/jobs/job";
import type { UndoProblem } from "~/core/undo/reverted";
import { type HowToUndo, undoCatalogue, undoTenants } from "~/core/undo/undo-change-set";
import { type UndoParams, whyUndone } from "~/core/undo/undo-params";
import { changeManyIn } from "~/server/changes/catalogue-change.server";
import { catalogueIn } from "~/server/changes/change.server";
import type { JobBatch, JobStep, JobWork } from "~/server/jobs/job-work";
import type { Services } from "~/server/services.server";
import { catalogueLock, catalogueSharedLock, type Queries, tenantLock } from "~db/database";
import { rowsOfChangeSet } from "~db/store/change-sets.server";
import { readCurrentTenants } from "~db/store/current-tenants.server";
import { writeTenantChanges } from "~db/store/tenant-writes.server";
import { readUse, whyBlocked } from "./undo-limits.server";
import { undoLook } from "./undo-look.server";
import { resultOfCatalogue, resultsOfTenants } from "./undo-results.server";
import { type FoundPast, type LookedAt, undoSource } from "./undo-source.server";

type Parts = Pick<Services, "db" | "facts" | "now" | "newId" | "posthog">;
type Found = FoundPast & { items?: JobItem[] };

const foundIn = ({ found }: JobBatch) => found as Found;

/** Undoes large acts: docs/decisions/0085-large-undos-are-jobs.md */
export const undoWork =
  (parts: Parts) =>
  (job: Job): JobWork => {
    const { db, facts, now, newId, posthog } = parts;
    const t = db.tables;
    const params = job.params as UndoParams;
    const { lastSeq: after, zone } = params;
    const source = undoSource(parts, params, job.isPreview);
    const actor = actorOfJob(job) as ReturnType<typeof actorOfJob> & { changeSet: string };
    const how = (at = now()): HowToUndo => ({ stamp: { now: at, actor, newId }, why: whyUndone(params.seq, job.note) });
    const look = undoLook(parts, { how, source, after, zone });

    async function writeTenants(tx: Queries, { entries, problems }: FoundPast): Promise<JobStep> {
      const catalogue = await catalogueIn(parts, tx);
      const at = now();
      const keys = [...new Set(entries.flatMap((entry) => (entry.kind === "tenant" ? [entry.key] : [])))];
      const current = await readCurrentTenants(tx, t, keys, () => catalogue, at);
      const undone = undoTenants(current.facts, entries, catalogue, how(at));
      const results = await resultsOfTenants(tx, t, undone, problems, catalogue, { after, zone, now: at });
      const writes = undone.flatMap(({ before, change }) => (change ? [{ before, change }] : []));
      const written = await writeTenantChanges(tx, t, await current.foldBefore(writes), actor);
      const onCommitted = () => {
        facts.replaceTenants(written);
        posthog?.wake();
      };
      return { items: results.map(({ item }) => item), onCommitted };
    }

    async function writeCatalogue(tx: Queries, isEnd: boolean): Promise<JobStep> {
      const { entries, problems: unread } = await source.catalogue();
      const problems: UndoProblem[] = [...unread.values()].flat();
      const { result, onCommitted } = await changeManyIn(parts, tx, actor, [], async (catalogue, _tenants, stamp) => {
        const undone = undoCatalogue(catalogue, entries, await readUse(tx, parts, entries), how(stamp.now));
        const change = undone?.change ?? null;
        const blocked = await whyBlocked(tx, parts, catalogue, { change, writes: [], at: stamp.now });
        problems.push(...(undone?.problems ?? []));
        if (blocked) problems.push({ field: "", message: blocked.message, kind: "refused" });
        return { ok: true, change: change && !blocked ? { catalogue: change, tenants: [] } : null };
      });
      if (!isEnd) return { items: [], onCommitted };
      // What went back before the tenants has the first entry.
      const [first] = await rowsOfChangeSet(tx, t, job.id, 1);
      const isChanged = (result.ok && result.changed) || (first !== undefined && first.subjectKind !== "tenant");
      const { item } = await resultOfCatalogue(tx, t, { isChanged, problems }, { after, zone, now: now() });
      return { items: [item], onCommitted };
    }

    async function next(...[cursor, size]: Parameters<JobWork["next"]>): Promise<JobBatch> {
      const batch = await source.next(cursor, size);
      const { found } = batch;
      if (params.catalogue.length > 0) await source.catalogue();
      if (found.phase !== "check" && !(job.isPreview && found.phase === "tenants")) return batch;
      const { items, looked } = await look.tenants(found);
      if (found.phase === "tenants") return { ...batch, cursor: { ...batch.cursor, looked }, found: { ...found, items } };
      const isChecked = batch.cursor.phase !== "check";
      const problem = isChecked ? await whyNothing(looked) : null;
      return { ...batch, cursor: { ...batch.cursor, looked }, ...(problem === null ? {} : { problem }) };
    }

    /** Why nothing is undone: a part would stay, and that was not asked for. */
    async function whyNothing(looked: LookedAt): Promise<string | null> {
      const last = params.catalogue.length > 0 ? await look.catalogue(looked) : null;
      const stays = looked.stays + (last?.stays ?? 0);
      if (stays === 0) return null;
      const parts = stays === 1 ? "One part would stay as it is" : `${stays.toLocaleString("en")} parts would stay as they are`;
      return `${parts}, so nothing was undone. ${looked.first ?? last?.why ?? ""}`.trim();
    }

    return {
      right: params.right,
      count: source.count,
      next,
      locks(batch) {
        const { phase } = foundIn(batch);
        if (phase === "check") return [];
        return phase === "tenants" ? [catalogueSharedLock, ...batch.subjects.map(tenantLock)] : [catalogueLock];
      },
      async write(tx, batch): Promise<JobStep> {
        const found = foundIn(batch);
        if (found.phase === "check") return { items: [] };
        return found.phase === "tenants" ? writeTenants(tx, found) : writeCatalogue(tx, found.phase === "catalogue");
      },
      async preview(batch) {
        const { phase, looked, items = [] } = foundIn(batch);
        return { items: phase === "catalogue" ? [(await look.catalogue(looked)).item] : items };
      },
    };
  };
