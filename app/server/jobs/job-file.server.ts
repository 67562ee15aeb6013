import { csvHead, csvText } from "~/core/csv";
import type { JobItemState } from "~/core/jobs/job";
import type { Services } from "~/server/services.server";
import { jobItemsAfter } from "./job-reads.server";

const batchSize = 1_000;

/** Results of a job as CSV, in their order. */
export async function* jobCsv(services: Pick<Services, "db">, job: string, state: JobItemState | undefined): AsyncGenerator<string> {
  yield csvHead(["number", "tenant", "state", "message"]);
  for (let after: number | undefined; ; ) {
    const { items, next } = await jobItemsAfter(services, job, { state, after, size: batchSize });
    yield csvText(items.map(({ seq, subject, state, message }) => [seq, subject, state, message]));
    if (next === null) return;
    after = next;
  }
}
