import { type Command, InvalidArgumentError } from "commander";
import { describeJob } from "~/core/jobs/describe-job";
import { isoTime } from "~/core/time";
import { jobsAfter } from "~/server/jobs/job-reads.server";
import { printJson, printTable } from "./print.server";
import type { Open } from "./session.server";

const maxJobs = 200;

export function registerJobs(program: Command, open: Open): void {
  program
    .command("jobs")
    .description("long work in the background")
    .command("list")
    .description("list jobs, the newest first")
    .option("--limit <count>", "how many at most", readCount, 20)
    .option("--json", "answer as JSON, for programs")
    .action((options: { limit: number; json?: boolean }) => list(open, options));
}

async function list(open: Open, { limit, json }: { limit: number; json?: boolean }): Promise<void> {
  const services = await open();
  const { jobs } = await jobsAfter(services, { size: limit });
  if (json) return printJson(jobs);
  const catalogue = services.facts.catalogue();
  const rows = jobs.map((job) => {
    const done = job.done + job.skipped + job.failed;
    const summary = describeJob(job, catalogue);
    return [job.id, isoTime(job.createdAt), job.state, `${done}/${job.total ?? "?"}`, job.actor.name, summary];
  });
  printTable(["ID", "CREATED", "STATE", "DONE", "BY", "WHAT"], rows);
}

function readCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= maxJobs) return count;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${maxJobs}.`);
}
