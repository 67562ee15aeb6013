import type { Instant } from "~/core/model";
import { paths } from "~/paths";
import { PartFailed } from "~/ui/home/needs-you";
import { TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { Code } from "~/ui/kit/code";
import { type Column, DataTable } from "~/ui/kit/data-table";
import { KeyValue } from "~/ui/kit/key-value";
import { Time } from "~/ui/kit/time";

type Posthog =
  | { isOn: false }
  | {
      isOn: true;
      host: string;
      hasSecretKey: boolean;
      flagsAnsweredAt: Instant | null;
      trouble: { since: Instant; why: string } | null;
      groupsSentAt: Instant | null;
      groupsDownSince: Instant | null;
    }
  | null;

export function PosthogPart({ posthog, now }: { posthog: Posthog; now: Instant }) {
  if (posthog === null) {
    return (
      <Section title="PostHog" flush>
        <PartFailed what="The state of PostHog" />
      </Section>
    );
  }
  if (!posthog.isOn) {
    return (
      <Section title="PostHog">
        <p className="text-ink-muted text-sm">
          Off. It is on once <Code>POSTHOG_PROJECT_API_KEY</Code> is set.
        </p>
      </Section>
    );
  }
  const since = (at: Instant | null, never: string) => (at === null ? never : <Time at={at} now={now} show="both" />);
  return (
    <Section title="PostHog" actions={<TextLink to={paths.posthog()}>Open PostHog</TextLink>}>
      <KeyValue
        items={[
          { label: "Host", value: <Code>{posthog.host}</Code> },
          { label: "Secret key", value: posthog.hasSecretKey ? "Set" : "Not set" },
          {
            label: "Flags",
            value: posthog.trouble ? (
              <span className="text-no">
                {posthog.trouble.why} Since <Time at={posthog.trouble.since} now={now} />.
              </span>
            ) : (
              <>Last answer: {since(posthog.flagsAnsweredAt, "none yet")}</>
            ),
          },
          {
            label: "Group properties",
            value:
              posthog.groupsDownSince !== null ? (
                <span className="text-no">
                  Nothing gets through since <Time at={posthog.groupsDownSince} now={now} />
                </span>
              ) : (
                <>Last sent: {since(posthog.groupsSentAt, "never")}</>
              ),
          },
        ]}
      />
    </Section>
  );
}

type Variable = { name: string; isSet: boolean; isSecret: boolean; value: string | null };

const columns: Column<Variable>[] = [
  { id: "name", header: "Variable", primary: true, cell: ({ name }) => <Code>{name}</Code>, className: "sm:w-1/2" },
  {
    id: "value",
    header: "Value",
    card: "bare",
    cell: ({ isSecret, value }) =>
      isSecret ? <span className="text-ink-muted">Set, not shown</span> : <span className="font-mono text-xs wrap-anywhere">{value}</span>,
  },
];

/** Set variables with their values, secrets without. The others have their defaults. */
export function EnvironmentPart({ variables }: { variables: readonly Variable[] }) {
  const unset = variables.filter(({ isSet }) => !isSet);
  return (
    <Section title="Environment variables" flush description="Values of secrets are not shown. docs/configuration.md describes them all.">
      <DataTable
        rows={variables.filter(({ isSet }) => isSet)}
        columns={columns}
        rowKey={({ name }) => name}
        caption="Environment variables that are set"
        empty={<p className="px-4 py-5 text-ink-muted text-sm">None is set. Everything has its default.</p>}
      />
      {unset.length > 0 && (
        <details className="border-line border-t px-4 py-3 md:max-2xl:px-2.5 text-sm">
          <summary className="w-fit cursor-pointer rounded-sm text-ink-muted hover:text-ink">{`${unset.length} with their defaults`}</summary>
          <p className="mt-2 flex flex-wrap gap-x-2 gap-y-1">
            {unset.map(({ name }) => (
              <Code key={name}>{name}</Code>
            ))}
          </p>
        </details>
      )}
    </Section>
  );
}
