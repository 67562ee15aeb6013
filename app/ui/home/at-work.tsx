import { Link } from "@remix-run/react";
import type { BarDrawing } from "~/core/charts/drawings";
import type { Instant } from "~/core/model";
import { withoutPlan } from "~/forms/tenants/tenant-list-params";
import { paths } from "~/paths";
import { type Bar, BarChart } from "~/ui/kit/bar-chart";
import { TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { count } from "~/ui/kit/pagination";
import { Time } from "~/ui/kit/time";
import { PartFailed } from "./needs-you";

type Plan = { key: string | null; name: string; tenants: number };
type Entry = { seq: number; at: Instant; actor: { name: string }; phrase: string };
type Props = {
  plans: readonly Plan[] | null;
  checks: { bars: readonly Bar[]; drawing: BarDrawing } | null;
  activities: readonly Entry[] | null;
  now: Instant;
};

const maxPlans = 8;

/** Checks per day, tenants per plan, and the last changes. */
export function AtWork({ plans, checks, activities, now }: Props) {
  return (
    <div className="mt-6 grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_20rem]">
      <div className="grid gap-6">
        <Section title="Checks" flush={checks === null}>
          {checks === null ? <PartFailed what="Checks" /> : <BarChart {...checks} caption="All tenants, by day in UTC" unit="checks" />}
        </Section>
        <Section title="Activity" flush actions={<TextLink to={paths.audit()}>All</TextLink>}>
          {activities === null ? (
            <PartFailed what="Activity" />
          ) : activities.length === 0 ? (
            <p className="px-4 py-5 text-ink-muted text-sm">Nothing was changed yet.</p>
          ) : (
            <ol className="divide-y divide-line">
              {activities.map(({ seq, at, actor, phrase }) => (
                <li key={seq} className="flex items-baseline justify-between gap-4 px-4 py-2.5 text-sm max-sm:flex-col max-sm:gap-0.5">
                  <p className="min-w-0 text-ink-muted wrap-anywhere">
                    <span className="font-medium text-ink">{actor.name}</span> {phrase}
                  </p>
                  <Link to={paths.auditEntry(seq)} className="shrink-0 rounded-sm text-ink-faint text-xs hover:text-ink hover:underline">
                    <Time at={at} now={now} />
                  </Link>
                </li>
              ))}
            </ol>
          )}
        </Section>
      </div>
      <Plans plans={plans} />
    </div>
  );
}

function Plans({ plans }: { plans: Props["plans"] }) {
  return (
    <Section title="Tenants per plan" flush>
      {plans === null ? (
        <PartFailed what="Plans" />
      ) : (
        <ul className="py-1.5">
          {plans.slice(0, maxPlans).map(({ key, name, tenants }) => (
            <li key={key ?? ""} className="flex items-baseline justify-between gap-3 px-4 py-1 text-sm">
              <TextLink to={paths.tenants({ plan: key ?? withoutPlan })} className="min-w-0 truncate" title={name}>
                {name}
              </TextLink>
              <span className="shrink-0 text-ink-muted">{count(tenants)}</span>
            </li>
          ))}
          {plans.length > maxPlans && (
            <li className="px-4 py-1 text-xs">
              <TextLink to={paths.plans()}>{`${count(plans.length - maxPlans)} more plans`}</TextLink>
            </li>
          )}
        </ul>
      )}
    </Section>
  );
}
