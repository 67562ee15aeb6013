import type { Instant } from "~/core/model";
import { paths } from "~/paths";
import { LinkButton } from "~/ui/kit/button";
import { Notice } from "~/ui/kit/notice";
import { count } from "~/ui/kit/pagination";
import { Time } from "~/ui/kit/time";

type Key = { id: string; name: string; expiresAt: Instant | null };
/** How many, and the first few. */
type Keys = { count: number; first: readonly Key[] };
type Props = {
  keys: { expiring: Keys; unused: Keys } | null;
  posthog: { since: Instant; why: string } | "none" | null;
  now: Instant;
};

/** Trouble with PostHog, and API keys that expire soon or were never used. */
export function TroubleNotices({ keys, posthog, now }: Props) {
  return (
    <div className="mb-6 grid gap-2 empty:hidden">
      {posthog !== null && posthog !== "none" && (
        <Notice
          kind="warning"
          title={`PostHog: ${posthog.why.replace(/\.$/, "")}.`}
          action={<LinkButton to={paths.posthog()}>Open PostHog</LinkButton>}
        >
          Since <Time at={posthog.since} now={now} show="both" />. Checks go on.
        </Notice>
      )}
      {keys && keys.expiring.count > 0 && (
        <Notice
          kind="warning"
          title={keys.expiring.count === 1 ? "An API key expires soon." : `${count(keys.expiring.count)} API keys expire soon.`}
          action={<LinkButton to={paths.keys()}>Open keys</LinkButton>}
        >
          {keys.expiring.first.map(({ id, name, expiresAt }, index) => (
            <span key={id}>
              {index > 0 && ", "}
              {name}
              {expiresAt !== null && (
                <>
                  {" "}
                  <Time at={expiresAt} now={now} />
                </>
              )}
            </span>
          ))}
          <More keys={keys.expiring} />
        </Notice>
      )}
      {keys && keys.unused.count > 0 && (
        <Notice
          title={keys.unused.count === 1 ? "An API key was never used." : `${count(keys.unused.count)} API keys were never used.`}
          action={<LinkButton to={paths.keys()}>Open keys</LinkButton>}
        >
          {keys.unused.first.map(({ name }) => name).join(", ")}
          <More keys={keys.unused} />
        </Notice>
      )}
    </div>
  );
}

const More = ({ keys: { count: all, first } }: { keys: Keys }) => (all > first.length ? ` and ${count(all - first.length)} more` : null);
