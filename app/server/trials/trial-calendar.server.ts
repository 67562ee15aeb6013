import { grantedName } from "~/core/grants/bundle-words";
import { endOf } from "~/core/grants/grant-lifetime";
import type { Instant } from "~/core/model";
import { daysOfMonth } from "~/core/trials/months";
import type { Services } from "~/server/services.server";
import { grantOf } from "~db/store/grants.server";
import { tenantsOfTrials, trialEndsByDay } from "~db/store/trials.server";
import { catalogueOfNames } from "./names.server";

/** Ends named per day. */
const named = 3;
/** Trials among which a day's ends are counted. */
const maxEndsCounted = 500;

export type CalendarDay = {
  from: Instant;
  to: Instant;
  count: number;
  /** There may be more. */
  isCut: boolean;
  /** `what`: the feature's name, or the bundle's. */
  first: { id: string; tenant: { key: string; name: string }; what: string; endsAt: Instant }[];
};

/** Ends of trials in a month, without those that were extended. */
export async function readTrialCalendar(services: Services, month: string): Promise<{ days: CalendarDay[]; now: Instant }> {
  const { readAside: q, tables: t } = services.db;
  const days = daysOfMonth(month);
  const found = await trialEndsByDay(q, t, days, { named, maxCount: maxEndsCounted });
  const catalogue = await catalogueOfNames(services);
  const tenants = await tenantsOfTrials(
    q,
    t,
    found.flatMap(({ first }) => first.map(({ tenant }) => tenant)),
  );
  return {
    days: days.map(({ from, to }, i) => ({
      from,
      to,
      count: found[i]?.count ?? 0,
      isCut: found[i]?.isCut ?? false,
      first: (found[i]?.first ?? []).map((row) => ({
        id: row.id,
        tenant: { key: row.tenant, name: tenants.get(row.tenant)?.name ?? row.tenant },
        what: grantedName(catalogue, row.feature, row.bundlePlan),
        endsAt: endOf(grantOf(row)) as Instant,
      })),
    })),
    now: services.now(),
  };
}
