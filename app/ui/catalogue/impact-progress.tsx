import type { JobState } from "~/core/jobs/job";
import { AutoRefresh } from "~/ui/kit/auto-refresh";
import { Card } from "~/ui/kit/card";
import { Notice } from "~/ui/kit/notice";
import { Progress } from "~/ui/kit/progress";

type Props = { job: { state: JobState; cancelRequested: boolean; total: number | null; processed: number; problem: string | null } };

/** How many tenants were looked at, while the impact of a change is found. */
export function ImpactProgress({ job }: Props) {
  const { state, cancelRequested, total, processed, problem } = job;
  if (state === "failed") {
    return (
      <Notice kind="error" role="alert" title="Not all tenants could be looked at">
        {problem} Look at the change again.
      </Notice>
    );
  }
  if (state === "cancelled") return <Notice kind="warning">It was cancelled, so these are not all tenants.</Notice>;
  if (state === "done") return null;
  return (
    <Card>
      <AutoRefresh reload seconds={1} />
      {total === null || state === "queued" ? (
        <p role="status" className="text-ink-muted text-sm">
          {state === "queued" ? "It waits for another preview." : "Counting the tenants."}
        </p>
      ) : (
        <Progress
          label={cancelRequested ? "Is being cancelled" : "Looking at each tenant"}
          done={Math.min(processed, total)}
          total={total}
          noun="tenants"
        />
      )}
    </Card>
  );
}
