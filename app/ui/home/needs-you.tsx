import type { ComponentProps, ReactNode } from "react";
import type { Instant } from "~/core/model";
import { mayAct, type Role } from "~/core/permissions";
import { fullLimit, percentText } from "~/core/usage/limit-fill";
import { paths } from "~/paths";
import { LinkButton, TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { count } from "~/ui/kit/pagination";
import { Time } from "~/ui/kit/time";
import { ComingChangesOfAll } from "~/ui/schedules/coming-changes";
import { ComingPublications } from "~/ui/schedules/coming-publications";

type Named = { key: string; name: string };
type Filled = { count: number; first: readonly (Named & { fill: number })[] };
type Props = {
  endingTrials: {
    count: number;
    hasMore: boolean;
    first: readonly { id: string; tenant: Named; what: string; endsAt: Instant }[];
  } | null;
  comingChanges: ComponentProps<typeof ComingChangesOfAll>["changes"] | null;
  publications: ComponentProps<typeof ComingPublications>["rows"] | null;
  redundantTrials: { count: number; hasMore: boolean; first: readonly { id: string; tenant: Named; feature: Named; plan: Named }[] } | null;
  limits: { full: Filled; near: Filled } | null;
  refused: readonly (Named & { refusals: number; tenants: number })[] | null;
  now: Instant;
  role: Role;
};

/** What people should look at: trials that end, limits that are reached, features that are asked for. */
export function NeedsYou({ endingTrials, comingChanges, publications, redundantTrials, limits, refused, now, role }: Props) {
  return (
    <div className="grid items-start gap-6 lg:grid-cols-2">
      <div className="grid gap-6">
        <EndingTrials trials={endingTrials} now={now} role={role} />
        <Coming changes={comingChanges} now={now} role={role} />
        <ComingPublications rows={publications ?? []} now={now} />
        <RedundantTrials trials={redundantTrials} role={role} />
      </div>
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

type TrialRowProps = { tenant: Named; title: string; action: ReactNode; children: ReactNode };

/** A trial: its tenant, a line that may be cut and is complete in `title`, and a button. */
function TrialRow({ tenant, title, action, children }: TrialRowProps) {
  return (
    <li className="flex items-center gap-4 px-4 py-2.5">
      <div className="min-w-0 flex-1">
        <p className="truncate text-sm">
          <TextLink to={paths.tenant(tenant.key)} title={tenant.name}>
            {tenant.name}
          </TextLink>
        </p>
        <p title={title} className="truncate text-ink-muted text-xs">
          {children}
        </p>
      </div>
      {action}
    </li>
  );
}

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
          {trials.first.map(({ id, tenant, what, endsAt }) => (
            <TrialRow
              key={id}
              tenant={tenant}
              title={what}
              action={
                mayAct(role, "trials.extend") && (
                  <LinkButton to={paths.grantExtend(tenant.key, id)} size="sm" aria-label={`Extend: ${what} for ${tenant.name}`}>
                    Extend 14 days
                  </LinkButton>
                )
              }
            >
              {what}, ends <Time at={endsAt} now={now} />
            </TrialRow>
          ))}
        </ul>
      )}
    </Section>
  );
}

/** Not rendered if there are none. */
function Coming({ changes, now, role }: { changes: Props["comingChanges"]; now: Instant; role: Role }) {
  if (changes?.rows.length === 0) return null;
  if (changes) return <ComingChangesOfAll changes={changes} now={now} canChange={mayAct(role, "tenants.change")} />;
  return (
    <Section title="Coming changes" flush>
      <PartFailed what="Coming changes" />
    </Section>
  );
}

/** Not rendered if there are none. */
function RedundantTrials({ trials, role }: { trials: Props["redundantTrials"]; role: Role }) {
  if (trials?.count === 0) return null;
  return (
    <Section
      title="Trials that a plan has made redundant"
      description="The tenant would have the same without the trial."
      flush
      actions={trials && <span className="text-ink-muted text-sm">{`${count(trials.count)}${trials.hasMore ? "+" : ""} in all`}</span>}
    >
      {trials === null ? (
        <PartFailed what="Redundant trials" />
      ) : (
        <ul className="divide-y divide-line">
          {trials.first.map(({ id, tenant, feature, plan }) => (
            <TrialRow
              key={id}
              tenant={tenant}
              title={`${feature.name}, part of ${plan.name}`}
              action={
                mayAct(role, "trials.end") && (
                  <LinkButton to={paths.grantEnd(tenant.key, id)} size="sm" aria-label={`End trial: ${feature.name} for ${tenant.name}`}>
                    End trial
                  </LinkButton>
                )
              }
            >
              {feature.name}, part of {plan.name}
            </TrialRow>
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
