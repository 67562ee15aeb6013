import type { JobKind, JobState } from "~/core/jobs/job";
import { AutoRefresh } from "~/ui/kit/auto-refresh";
import { Card } from "~/ui/kit/card";
import { Stat, StatRow } from "~/ui/kit/key-value";
import { Notice } from "~/ui/kit/notice";
import { count } from "~/ui/kit/pagination";
import { Progress } from "~/ui/kit/progress";
import { wordsOfResults } from "./job-words";

export type ShownJob = {
  id: string;
  kind: JobKind;
  /** The uploaded file that is imported, or null. */
  upload: string | null;
  isPreview: boolean;
  /** The entry of the act that it undoes, or null. */
  undoes: number | null;
  state: JobState;
  cancelRequested: boolean;
  problem: string | null;
  total: number | null;
  done: number;
  skipped: number;
  failed: number;
  created: number;
  processed: number;
};

const cancelled: { [K in JobKind]?: string } = {
  drift: "It was cancelled. The other tenants were not compared.",
  catalogue_import: "It was cancelled. Nothing was imported.",
};

/** One transaction, which has no progress. */
const isWhole = (kind: JobKind) => kind === "catalogue_import";

const doing = (kind: JobKind) => (kind === "undo" ? "Undoing" : kind === "drift" ? "Comparing tenants" : "Changing tenants");

/** How far a job is, and what became of its tenants so far. */
export function JobProgress({ job }: { job: ShownJob }) {
  const { kind, isPreview, state, cancelRequested, problem, total, done, skipped, failed, processed } = job;
  const words = wordsOfResults(kind);
  const isLive = state === "queued" || state === "running";
  return (
    <div className="grid gap-3">
      {isLive && <AutoRefresh reload seconds={1} />}
      {problem !== null && <Notice kind="error">{problem}</Notice>}
      {state === "cancelled" && (
        <Notice kind="warning">
          {isPreview
            ? "The preview was cancelled."
            : (cancelled[kind] ?? "It was cancelled. What is done stays done; the others were not touched.")}
        </Notice>
      )}
      {isLive && (
        <Card>
          {total === null || state === "queued" || isWhole(kind) ? (
            <p role="status" className="text-ink-muted text-sm">
              {state === "queued"
                ? "It waits for other jobs."
                : isWhole(kind)
                  ? "The file is being imported as a whole."
                  : "Counting the tenants."}
            </p>
          ) : (
            <Progress
              label={cancelRequested ? "Is being cancelled" : isPreview ? "Looking at each tenant" : doing(kind)}
              done={processed}
              total={total}
              noun="tenants"
            />
          )}
        </Card>
      )}
      {kind === "tenant_csv" ? (
        <RowStats job={job} />
      ) : (
        <StatRow>
          {!isPreview && <Stat label={isWhole(kind) ? "Named in the file" : "Tenants"} value={total === null ? "…" : count(total)} />}
          <Stat label={isPreview ? "Will change" : words.done} value={count(done)} />
          <Stat label={isPreview ? "Will be skipped" : words.skipped} value={count(skipped)} />
          {!isPreview && <Stat label={words.failed} value={count(failed)} />}
        </StatRow>
      )}
    </div>
  );
}

/** Of an imported file: what became of its rows. */
function RowStats({ job: { isPreview, done, created, skipped, failed } }: { job: ShownJob }) {
  return (
    <StatRow>
      <Stat label={isPreview ? "Will be new" : "New"} value={count(created)} />
      <Stat label={isPreview ? "Will change" : "Changed"} value={count(done - created)} />
      <Stat label="Unchanged" value={count(skipped)} />
      <Stat label="Refused" value={count(failed)} />
    </StatRow>
  );
}
