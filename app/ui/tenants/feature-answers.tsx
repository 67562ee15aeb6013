import { Link } from "@remix-run/react";
import { ChevronRight } from "lucide-react";
import type { AnswerRow, SourceRow } from "~/core/decision/answer-row";
import type { Instant } from "~/core/model";
import { actOnGrant, mayAct, type Role } from "~/core/permissions";
import { paths } from "~/paths";
import { NextStepButton } from "~/ui/catalogue/next-step-button";
import { TextLink } from "~/ui/kit/button";
import { cx } from "~/ui/kit/cx";
import { DecisionMark, NoSource, SourceBadge } from "~/ui/kit/status";
import { Time } from "~/ui/kit/time";
import { useAsOfQuery } from "./as-of";
import { ReasonLine } from "./reason-line";

type FeatureGroup = {
  name: string | null;
  entitled: number;
  all: number;
  /** Empty if the group is closed. */
  rows: readonly AnswerRow[];
  canClose: boolean;
};
type Props = { groups: readonly FeatureGroup[]; tenant: string; now: Instant; role: Role };

/** A tenant's features by group: yes or no, why, until when, from where, and for each no the button that changes it. */
export function FeatureAnswers({ groups, tenant, ...rest }: Props) {
  return groups.map((group) => (
    <section key={group.name ?? ""} aria-label={group.name ?? "Features"} className="not-first:border-line not-first:border-t">
      {(group.name !== null || groups.length > 1) && <GroupTitle group={group} tenant={tenant} />}
      <ul className="divide-y divide-line">
        {group.rows.map((row) => (
          <Row key={row.key} row={row} tenant={tenant} {...rest} />
        ))}
      </ul>
    </section>
  ));
}

/** A closed group is a link to the page on which it is open. */
function GroupTitle({ group: { name, entitled, all, rows, canClose }, tenant }: { group: FeatureGroup; tenant: string }) {
  const isOpen = rows.length > 0;
  const closed = paths.tenantFeatures(tenant, useAsOfQuery());
  const look = "flex min-h-9 items-center gap-2 px-4 py-1.5 font-medium text-xs";
  const content = (
    <>
      {canClose && <ChevronRight className={cx("size-3.5 shrink-0 text-ink-faint", isOpen && "rotate-90")} aria-hidden="true" />}
      <h2 className="min-w-0 flex-1 truncate">{name ?? "Other features"}</h2>
      <span className="shrink-0 font-normal text-ink-muted">
        {entitled} of {all}
      </span>
    </>
  );
  if (!canClose) return <div className={cx(look, "bg-sunken text-ink-muted")}>{content}</div>;
  return (
    <Link
      // A parameter cannot be empty: withQuery omits it.
      to={isOpen ? closed : `${closed}${closed.includes("?") ? "&" : "?"}group=${encodeURIComponent(name ?? "")}`}
      aria-expanded={isOpen}
      preventScrollReset
      discover="none"
      className={cx(look, "text-ink hover:bg-sunken", isOpen && "bg-sunken")}
    >
      {content}
    </Link>
  );
}

function Row({ row, tenant, now, role }: Omit<Props, "groups"> & { row: AnswerRow }) {
  return (
    <li className="flex items-start gap-3 pr-3 hover:bg-sunken/40 sm:pr-4">
      <details className="group/row min-w-0 flex-1">
        <summary className="flex min-h-12 cursor-pointer items-start gap-2.5 py-2 pl-2 sm:items-center">
          <ChevronRight
            className="mt-1 size-3.5 shrink-0 text-ink-faint transition-transform group-open/row:rotate-90 sm:mt-0"
            aria-hidden="true"
          />
          <DecisionMark entitled={row.entitled} reason={row.reason} compact />
          <span className="grid min-w-0 flex-1 gap-x-4 gap-y-0.5 sm:grid-cols-[minmax(0,2fr)_minmax(0,3fr)] sm:items-center">
            <span className="min-w-0">
              <span className="flex min-w-0 items-baseline gap-2">
                <span title={row.name} className="truncate font-medium text-ink text-sm">
                  {row.name}
                </span>
                {row.gives !== null && (
                  <span title={row.gives} className="min-w-8 max-w-1/2 truncate text-ink-muted text-xs">
                    {row.gives}
                  </span>
                )}
              </span>
              {row.name !== row.key && <span className="block truncate font-mono text-ink-faint text-xs">{row.key}</span>}
            </span>
            <ReasonLine reason={row.reason} entitled={row.entitled} expiresAt={row.expiresAt} now={now}>
              {row.message}
            </ReasonLine>
          </span>
        </summary>
        <div className="mt-0.5 mb-3 ml-8 border-line border-l-2 pl-4 text-sm">
          {row.sources.length > 0 ? (
            <ul className="grid gap-1.5">
              {row.sources.map((source) => (
                <SourceLine key={`${source.kind} ${source.label} ${source.grant}`} source={source} tenant={tenant} now={now} role={role} />
              ))}
            </ul>
          ) : (
            <NoSource />
          )}
          {row.availableIn.length > 0 && <p className="mt-1.5 text-ink-muted text-xs">Part of {row.availableIn.join(", ")}.</p>}
          <p className="mt-1.5 flex flex-wrap gap-x-4 gap-y-1 text-xs">
            {mayAct(role, "overrides.change") && (
              <TextLink to={paths.overrideNew(tenant, row.key, row.entitled ? "deny" : "allow")}>Override</TextLink>
            )}
            {mayAct(role, "trials.grant") && row.next?.step !== "grant_trial" && (
              <TextLink to={paths.trialNew(tenant, row.key)}>Grant trial</TextLink>
            )}
            {/* There are hundreds of links: Remix would request the manifest for each. */}
            <TextLink to={paths.feature(row.key)} discover="none">
              Open feature
            </TextLink>
          </p>
        </div>
      </details>
      {mayAct(role, "trials.grant") && (
        <span className="flex h-12 shrink-0 items-center justify-end max-sm:h-11 sm:w-24">
          {row.next && <NextStepButton next={row.next} tenant={tenant} feature={row} role={role} />}
        </span>
      )}
    </li>
  );
}

function SourceLine({ source, tenant, now, role }: { source: SourceRow; tenant: string; now: Instant; role: Role }) {
  const kind = source.kind === "override" ? "override" : "trial";
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <SourceBadge source={source.kind} label={source.label} denies={source.denies} />
      {source.gives !== null && <span className="text-ink">{source.gives}</span>}
      {source.startsAt !== null && (
        <span className="text-ink-muted text-xs">
          starts <Time at={source.startsAt} now={now} show="both" />
        </span>
      )}
      {source.expiresAt !== null && (
        <span className="text-ink-muted text-xs">
          ends <Time at={source.expiresAt} now={now} show="both" />
        </span>
      )}
      {source.wins && <span className="font-medium text-ink-muted text-xs">decides</span>}
      {source.grant !== null && (
        <span className="flex gap-3 text-xs">
          {source.expiresAt !== null && mayAct(role, actOnGrant("extend", kind)) && (
            <TextLink to={paths.grantExtend(tenant, source.grant)}>Extend</TextLink>
          )}
          {mayAct(role, actOnGrant("end", kind)) && <TextLink to={paths.grantEnd(tenant, source.grant)}>End now</TextLink>}
        </span>
      )}
    </li>
  );
}
