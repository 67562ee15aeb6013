import { limitWords } from "~/core/decision/reason-message";
import type { LimitRow } from "~/core/decision/tenant-outline";
import type { Instant } from "~/core/model";
import { paths } from "~/paths";
import { LinkButton, TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { Meter } from "~/ui/kit/meter";
import { count } from "~/ui/kit/pagination";
import { Time } from "~/ui/kit/time";

type Props = { limits: readonly LimitRow[]; more: number; tenant: string; now: Instant; canRaise: boolean };

const periods = { hour: "this hour", day: "today", week: "this week", month: "this month", year: "this year", never: "in total" } as const;

/** Used and limit of the fullest metered features. */
export function OverviewLimits({ limits, more, tenant, now, canRaise }: Props) {
  return (
    <Section title="Limits" flush>
      <ul className="divide-y divide-line">
        {limits.map((row) => (
          <li key={row.key} className="flex items-center gap-4 px-4 py-3">
            <div className="min-w-0 flex-1">
              <p className="flex min-w-0 items-baseline justify-between gap-3 text-sm">
                <span title={row.name} className="min-w-0 truncate font-medium text-ink">
                  {row.name}
                </span>
                <span className="shrink-0 text-ink-muted">
                  <span className="font-medium text-ink">{count(row.used)}</span> of {limitWords(row.limit, row.unit)}
                </span>
              </p>
              <Meter
                value={row.used}
                of={row.limit === "unlimited" ? Number.POSITIVE_INFINITY : row.limit}
                label={`${row.name}: ${count(row.used)} of ${limitWords(row.limit, row.unit)} used`}
                className="mt-1.5 w-full"
              />
              <p className="mt-1.5 flex flex-wrap gap-x-2 text-ink-muted text-xs">
                <FillWords row={row} />
                <span>
                  Used {periods[row.resetPeriod]}
                  {row.resetsAt !== null && (
                    <>
                      , resets <Time at={row.resetsAt} now={now} />
                    </>
                  )}
                  .
                </span>
              </p>
            </div>
            {canRaise && row.limit !== "unlimited" && (
              <LinkButton to={paths.overrideNew(tenant, row.key, "allow")} size="sm" aria-label={`Raise: ${row.name}`}>
                Raise
              </LinkButton>
            )}
          </li>
        ))}
      </ul>
      {more > 0 && (
        <p className="border-line border-t px-4 py-2 text-xs">
          <TextLink to={paths.tenantUsage(tenant)}>{`${count(more)} more limits`}</TextLink>
        </p>
      )}
    </Section>
  );
}

function FillWords({ row: { share, softLimit, limit } }: { row: LimitRow }) {
  if (limit === "unlimited" || share < 0.8) return null;
  if (share < 1) return <span className="font-medium text-warn">{Math.floor(share * 100)} % used.</span>;
  return <span className="font-medium text-no">{softLimit ? "Over the soft limit." : "Limit reached."}</span>;
}
