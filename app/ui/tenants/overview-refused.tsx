import type { ColumnDrawing } from "~/core/charts/drawings";
import type { NextStep } from "~/core/decision/next-step";
import { mayAct, type Role } from "~/core/permissions";
import { paths } from "~/paths";
import { NextStepButton } from "~/ui/catalogue/next-step-button";
import { TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { count } from "~/ui/kit/pagination";
import { Sparkline } from "~/ui/kit/sparkline";

type Row = {
  key: string;
  name: string;
  /** False for a feature that the catalogue does not have. */
  isKnown: boolean;
  refused: number;
  /** Refusals per day, oldest first. */
  trend: ColumnDrawing;
  hasItNow: boolean;
  message: string | null;
  next: NextStep | null;
};
type Props = { refused: readonly Row[]; days: number; tenant: string; role: Role };

/** The features that the tenant asked for and did not get. */
export function OverviewRefused({ refused, days, tenant, role }: Props) {
  return (
    <Section
      title="Asked and refused"
      flush
      description={`Checks that were refused in the last ${days} days, most first.`}
      actions={<TextLink to={paths.tenantUsage(tenant)}>All checks</TextLink>}
    >
      {refused.length === 0 ? (
        <p className="px-4 py-5 text-ink-muted text-sm">Nothing was refused in the last {days} days.</p>
      ) : (
        <ul className="divide-y divide-line">
          {refused.map((row) => (
            <li key={row.key} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
              <div className="min-w-0 flex-1 basis-60">
                <p title={row.key} className="truncate font-medium text-ink text-sm">
                  {row.name}
                </p>
                <p className="mt-0.5 text-ink-muted text-xs wrap-anywhere">{stateWords(row)}</p>
              </div>
              <Sparkline drawing={row.trend} label={`${row.name}: refusals per day, ${days} days`} />
              <p className="w-16 text-right text-ink text-sm">{count(row.refused)}</p>
              {mayAct(role, "trials.grant") && (
                <span className="flex w-24 justify-end">
                  {row.next && <NextStepButton next={row.next} tenant={tenant} feature={row} role={role} />}
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function stateWords({ isKnown, hasItNow, message }: Row): string {
  if (!isKnown) return "This feature is not in the catalogue.";
  return hasItNow ? `Has it now: ${(message ?? "").replace(/\.$/, "")}.` : (message ?? "");
}
