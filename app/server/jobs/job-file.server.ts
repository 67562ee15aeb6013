import type { JobItemState } from "~/core/jobs/job";
import type { ListCell, ListFile } from "~/core/list-file";
import type { Services } from "~/server/services.server";
import { jobItemsAfter } from "./job-reads.server";

const batchSize = 1_000;

/** Results of a job, in their order. */
export function jobFile(services: Pick<Services, "db">, job: string, state: JobItemState | undefined): ListFile {
  async function* batches(): AsyncGenerator<ListCell[][]> {
    for (let after: number | undefined; ; ) {
      const { items, next } = await jobItemsAfter(services, job, { state, after, size: batchSize });
      yield items.map(({ seq, subject, state, message }) => [seq, subject, state, message]);
      if (next === null) return;
      after = next;
    }
  }
  return { heads: ["number", "tenant", "state", "message"], batches: batches() };
}
