import type { Instant, Json, UnknownBecause } from "~/core/model";
import { paths } from "~/paths";
import { Badge } from "~/ui/kit/badge";
import { TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { Code } from "~/ui/kit/code";
import { Time } from "~/ui/kit/time";

type Says = { state: "on" | "off"; variant?: string; payload?: Json };
export type TenantFlag = {
  flag: string;
  features: { key: string; name: string }[];
  now: Says | null;
  /** The value used while PostHog does not answer. */
  last: (Says & { seenAt: Instant }) | null;
  unknownBecause: UnknownBecause | null;
};

/** PostHog's value of each flag for a tenant, as checks read it from memory. */
export function TenantFlags({ flags, now }: { flags: TenantFlag[]; now: Instant }) {
  return (
    <Section title="Flags" description="What PostHog's flags say of this tenant. Checks read it from memory." flush>
      <ul className="divide-y divide-line">
        {flags.map((row) => (
          <li key={row.flag} className="grid gap-x-6 gap-y-1.5 px-4 py-3 sm:grid-cols-[minmax(0,1fr)_minmax(0,1fr)] sm:items-center">
            <div className="min-w-0">
              <Code className="wrap-anywhere">{row.flag}</Code>
              <p className="mt-1 text-ink-muted text-xs wrap-anywhere">
                {row.features.map(({ key, name }, i) => (
                  <span key={key}>
                    {i > 0 && ", "}
                    <TextLink to={paths.feature(key)}>{name}</TextLink>
                  </span>
                ))}
              </p>
            </div>
            <Answer row={row} now={now} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

const why = {
  user_required: "Targets persons: only checks that name a user get a value.",
  other_group_type: "Targets another group type, so it has no value for tenants.",
  flag_failed: "PostHog could not compute this flag.",
  user_limit: "Too many users were asked about within a minute.",
};

function Answer({ row: { now: says, last, unknownBecause }, now }: { row: TenantFlag; now: Instant }) {
  if (says) return <Verdict says={says} />;
  // A failed flag keeps its last value.
  if (unknownBecause && !last) return <p className="text-ink-muted text-sm">{why[unknownBecause]}</p>;
  if (!last) return <p className="text-ink-muted text-sm">Not known yet.</p>;
  return (
    <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
      <Verdict says={last} />
      <span className="text-ink-muted text-xs">
        last known <Time at={last.seenAt} now={now} />
      </span>
    </div>
  );
}

function Verdict({ says: { state, variant, payload } }: { says: Says }) {
  return (
    <span className="flex min-w-0 flex-wrap items-center gap-2 text-sm">
      <Badge tone={state === "on" ? "flag" : "neutral"} dot>
        {state === "on" ? "On" : "Off"}
      </Badge>
      {variant !== undefined && <Code className="wrap-anywhere">{variant}</Code>}
      {payload !== undefined && <Code className="wrap-anywhere">{JSON.stringify(payload)}</Code>}
    </span>
  );
}
