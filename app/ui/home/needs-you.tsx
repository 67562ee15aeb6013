import type { ReactNode } from "react";
import type { Instant } from "~/core/model";
import { mayAct, type Role } from "~/core/permissions";
import { fullLimit, percentText } from "~/core/usage/limit-fill";
import { paths } from "~/paths";
import { LinkButton, TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { count } from "~/ui/kit/pagination";
import { Time } from "~/ui/kit/time";

type Named = { key: string; name: string };
type Filled = { count: number; first: readonly (Named & { fill: number })[] };
type Props = {
  endingTrials: {
    count: number;
    hasMore: boolean;
    first: readonly { id: string; tenant: Named; feature: Named; endsAt: Instant }[];
  } | null;
  limits: { full: Filled; near: Filled } | null;
  refused: readonly (Named & { refusals: number; tenants: number })[] | null;
  now: Instant;
  role: Role;
};

/** What people should look at: trials that end, limits that are reached, features that are asked for. */
export function NeedsYou({ endingTrials, limits, refused, now, role }: Props) {
  return (
    <div className="grid items-start gap-6 lg:grid-cols-2">
      <EndingTrials trials={endingTrials} now={now} role={role} />
      <div className="grid gap-6">
        <Limits limits={limits} />
        <Refused refused={refused} />
      </div>
    </div>
  );
}

/** In place of a part that could not be read. */
export const PartFailed = ({ what }: { what: string }) => (
  <p className="px-4 py-5 text-no text-sm">{`${what} could not be read. Reload the page to try again.`}</p>
);

const Quiet = ({ children }: { children: ReactNode }) => <p className="px-4 py-5 text-ink-muted text-sm">{children}</p>;

function EndingTrials({ trials, now, role }: { trials: Props["endingTrials"]; now: Instant; role: Role }) {
  const total = trials ? `${count(trials.count)}${trials.hasMore ? "+" : ""}` : "";
  return (
    <Section title="Trials ending in 7 days" flush actions={<TextLink to={paths.trials()}>{trials ? `${total} in all` : "All"}</TextLink>}>
      {trials === null ? (
        <PartFailed what="Trials" />
      ) : trials.first.length === 0 ? (
        <Quiet>No trial ends in the next 7 days.</Quiet>
      ) : (
        <ul className="divide-y divide-line">
          {trials.first.map(({ id, tenant, feature, endsAt }) => (
            <li key={id} className="flex items-center gap-4 px-4 py-2.5">
              <div className="min-w-0 flex-1">
                <p className="truncate text-sm">
                  <TextLink to={paths.tenant(tenant.key)} title={tenant.name}>
                    {tenant.name}
                  </TextLink>
                </p>
                <p title={feature.name} className="truncate text-ink-muted text-xs">
                  {feature.name}, ends <Time at={endsAt} now={now} />
                </p>
              </div>
              {mayAct(role, "trials.extend") && (
                <LinkButton to={paths.grantExtend(tenant.key, id)} size="sm" aria-label={`Extend: ${feature.name} for ${tenant.name}`}>
                  Extend 14 days
                </LinkButton>
              )}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function Limits({ limits }: { limits: Props["limits"] }) {
  const rows = limits ? [...limits.full.first, ...limits.near.first].slice(0, 5) : [];
  return (
    <Section
      title="Limits"
      flush
      actions={
        limits && (
          <span className="flex gap-3 text-sm">
            <TextLink to={paths.usage({ level: "100" })}>{`${count(limits.full.count)} reached`}</TextLink>
            <TextLink to={paths.usage({ level: "80" })}>{`${count(limits.near.count)} over 80 %`}</TextLink>
          </span>
        )
      }
    >
      {limits === null ? (
        <PartFailed what="Limits" />
      ) : rows.length === 0 ? (
        <Quiet>No tenant is over 80 % of a limit.</Quiet>
      ) : (
        <ul className="divide-y divide-line">
          {rows.map(({ key, name, fill }) => (
            <li key={key} className="flex items-center justify-between gap-4 px-4 py-2.5 text-sm">
              <TextLink to={paths.tenant(key)} className="min-w-0 truncate" title={name}>
                {name}
              </TextLink>
              <span className={fill >= fullLimit ? "shrink-0 font-medium text-no" : "shrink-0 font-medium text-warn"}>
                {percentText(fill)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function Refused({ refused }: { refused: Props["refused"] }) {
  return (
    <Section title="Refused most this week" flush actions={<TextLink to={paths.demand()}>All demand</TextLink>}>
      {refused === null ? (
        <PartFailed what="Demand" />
      ) : refused.length === 0 ? (
        <Quiet>Nothing was refused in the last 7 days.</Quiet>
      ) : (
        <ul className="divide-y divide-line">
          {refused.map(({ key, name, refusals, tenants }) => (
            <li key={key} className="flex items-center justify-between gap-4 px-4 py-2.5 text-sm">
              <span title={name} className="min-w-0 truncate font-medium text-ink">
                {name}
              </span>
              <span className="shrink-0 text-ink-muted text-xs">
                {count(refusals)} from{" "}
                <TextLink to={paths.demandFeature(key, { days: 7 })}>{tenants === 1 ? "1 tenant" : `${count(tenants)} tenants`}</TextLink>
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
