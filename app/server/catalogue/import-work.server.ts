import { type CatalogueImportParams, importItems } from "~/core/import/import-results";
import { actorOfJob, type Job, type JobItem } from "~/core/jobs/job";
import { type BadFile, problemLines, type ReadFile, readCatalogueFile } from "~/forms/import/catalogue-file-text";
import { withAct } from "~/server/changes/change.server";
import type { JobStep, JobWork } from "~/server/jobs/job-work";
import type { Services } from "~/server/services.server";
import { catalogueLock } from "~db/database";
import { readImpactSource } from "~db/store/impacts.server";
import { importIn } from "./import.server";

/** `whileImporting`: lets other processes hold their writes, which would time out during a long transaction. */
type Parts = Pick<Services, "db" | "facts" | "now" | "newId" | "posthog"> & {
  whileImporting?: <T>(work: () => Promise<T>) => Promise<T>;
};

const gone = "The file was deleted before it was imported, so nothing was. Upload it again.";

/** Imports a catalogue file in one transaction, or nothing of it. */
export const catalogueImportWork =
  ({ whileImporting = (work) => work(), ...parts }: Parts) =>
  (job: Job): JobWork => {
    const { db } = parts;
    const { name, revisions } = job.params as CatalogueImportParams;
    const actor = withAct(parts, actorOfJob(job));
    let reading: Promise<ReadFile | BadFile | null> | undefined;

    async function readFile(): Promise<ReadFile | BadFile | null> {
      const source = await readImpactSource(db.readAside, db.tables, job.id);
      return source?.kind === "file" ? readCatalogueFile(name, source.text) : null;
    }
    const file = () => {
      reading ??= readFile();
      return reading;
    };

    function refused(bad: BadFile): JobStep {
      const lines = problemLines(bad);
      const items = lines.map((message): JobItem => ({ subject: "", state: "failed", message }));
      return { items, problem: `Nothing was imported. ${lines[0]}.${lines.length > 1 ? " The results have the other problems." : ""}` };
    }

    return {
      right: "data.import",
      async count() {
        const read = await file();
        return read?.ok ? read.file.features.size + read.file.plans.size + read.file.tenants.size : 0;
      },
      async next() {
        const found = await file();
        return { subjects: [], cursor: null, isLast: true, found, ...(found === null ? { problem: gone } : {}) };
      },
      locks: () => [catalogueLock],
      async write(tx, { found }): Promise<JobStep> {
        const read = found as ReadFile | BadFile;
        if (!read.ok) return refused(read);
        const isBound = actor.kind === "admin" || actor.kind === "api_key";
        const { imported, onCommitted } = await whileImporting(() =>
          importIn(parts, tx, read, actor, { expectedRevision: revisions, isBound }),
        );
        return imported.ok ? { items: importItems(imported.diff), onCommitted } : refused(imported);
      },
      preview: async () => ({ items: [] }),
    };
  };
