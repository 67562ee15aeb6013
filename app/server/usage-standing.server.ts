import { isoTime } from "~/core/answer";
import { decide } from "~/core/decide";
import type { Instant, Limit, TenantFacts } from "~/core/model";
import { type Counter, counterAt, type MeteredFeature } from "~/core/usage";
import { usagePeriod } from "~/core/usage-period";
import { readTotalsOf, type Total } from "~db/store/usage.server";
import type { Services } from "./services.server";

/** A tenant's feature in the period that holds `at`. */
export type Counted = { tenant: TenantFacts; feature: MeteredFeature; at: Instant };

/** What a period has come to, when it ends, and what is left of what the tenant has now. */
export type Standing = { used: number; remaining: Limit; resetsAt: string | null };

export const counterOf = ({ tenant, feature, at }: Counted): Counter => ({ tenant: tenant.key, ...counterAt(feature, tenant, at) });
export const counterName = (c: Counter) => `${c.tenant}\n${c.feature}\n${c.periodKind}\n${c.periodStart}`;

/** `known`: what was written of these just now; the rest is read. */
export async function standingsOf({ db, facts, posthog, now }: Services, counted: Counted[], known: Total[]) {
  const wanted = new Map(counted.map((c) => [counterName(counterOf(c)), c]));
  const used = new Map(known.map((total) => [counterName(total), total.used]));
  const missing = [...wanted].flatMap(([name, c]) => (used.has(name) ? [] : [counterOf(c)]));
  for (const total of await readTotalsOf(db.read, db.tables, missing)) used.set(counterName(total), total.used);

  const standings = new Map<string, Standing>();
  for (const [name, { tenant, feature, at }] of wanted) {
    const flags = feature.flag ? await posthog?.flags.of(tenant, undefined, [feature.key]) : undefined;
    const catalogue = facts.catalogue();
    const usage = { used: used.get(name) ?? 0 };
    const flag = feature.flag ? flags?.readings.get(feature.flag.key) : undefined;
    const { amount, consumption } = decide({ tenant, catalogue, feature: feature.key, now: now(), usage, flag });
    const { end } = usagePeriod(feature.meter.resetPeriod, at, tenant.usageAnchor);
    const remaining = (amount ?? consumption)?.remaining ?? 0;
    standings.set(name, { ...usage, remaining, resetsAt: end === null ? null : isoTime(end) });
  }
  return (c: Counted) => standings.get(counterName(counterOf(c))) as Standing;
}
