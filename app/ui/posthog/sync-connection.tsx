import type { Instant } from "~/core/model";
import { Badge } from "~/ui/kit/badge";
import { Section } from "~/ui/kit/card";
import { Code } from "~/ui/kit/code";
import { KeyValue } from "~/ui/kit/key-value";
import { Notice } from "~/ui/kit/notice";
import { count } from "~/ui/kit/pagination";
import { Time } from "~/ui/kit/time";

type Health = {
  lastSentAt: Instant | null;
  lastError: { at: Instant; why: string } | null;
  down: { since: Instant; failures: number; nextTryAt: Instant } | null;
};

const nextTry = (at: Instant, now: Instant) => (at <= now ? "now" : <Time at={at} now={now} />);

/** Shown above everything while nothing can be sent. */
export function SyncTrouble({ health: { down, lastError }, now }: { health: Health; now: Instant }) {
  if (!down) return null;
  return (
    <Notice kind="error" role="status" title="Nothing gets through to PostHog">
      {lastError?.why} Since <Time at={down.since} now={now} show="both" />; next try {nextTry(down.nextTryAt, now)}. Nothing is lost: what
      is newest is sent once it is back, and checks go on.
    </Notice>
  );
}

type Status = {
  now: Instant;
  host: string;
  groupType: string;
  projectId: string | null;
  health: Health;
  breakerOpens: number;
  flags: { tied: number; isLocal: boolean; trouble: { since: Instant; why: string } | null; answeredAt: Instant | null };
};

export function SyncConnection({ status }: { status: Status }) {
  const { now, host, groupType, projectId, health, breakerOpens, flags } = status;
  const { down, lastError, lastSentAt } = health;
  return (
    <Section title="Connection">
      <KeyValue
        items={[
          { label: "Host", value: <Code>{host}</Code> },
          { label: "Group type", value: <Code>{groupType}</Code> },
          { label: "Project", value: projectId === null ? "Not set; only needed to look things up" : <Code>{projectId}</Code> },
          {
            label: "State",
            value: down ? (
              <Badge tone="no" dot>
                {`Failed ${count(down.failures)} ${down.failures === 1 ? "time" : "times"} in a row`}
              </Badge>
            ) : (
              <Badge tone={lastSentAt === null ? "neutral" : "yes"} dot>
                {lastSentAt === null ? "Nothing sent yet" : "Connected"}
              </Badge>
            ),
          },
          {
            label: "Breaker",
            value: down && down.failures >= breakerOpens ? <>Open: one try at a time, next {nextTry(down.nextTryAt, now)}</> : "Closed",
          },
          {
            label: "Last error",
            value: lastError && (
              <>
                {lastError.why} <Time at={lastError.at} now={now} className="text-ink-muted" />
              </>
            ),
          },
          { label: "Flags", value: <FlagsLine {...flags} now={now} /> },
        ]}
      />
    </Section>
  );
}

function FlagsLine({ tied, isLocal, trouble, answeredAt, now }: Status["flags"] & { now: Instant }) {
  if (tied === 0) return <>No feature is linked to a flag.</>;
  const how = isLocal ? "evaluated here, from PostHog's definitions" : "requested from PostHog for each tenant";
  return (
    <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
      {trouble && (
        <>
          <Badge tone="warn" dot>
            No answer
          </Badge>
          <span>
            {trouble.why} Since <Time at={trouble.since} now={now} show="both" />.
          </span>
        </>
      )}
      <span>
        {tied === 1 ? "1 feature is" : `${count(tied)} features are`} linked to a flag, {how}.{" "}
        {answeredAt === null ? (
          "This process has had no answer yet."
        ) : (
          <>
            Last answer <Time at={answeredAt} now={now} />.
          </>
        )}
      </span>
    </span>
  );
}
