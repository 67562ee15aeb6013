import { randomBytes } from "node:crypto";
import { catalogueChange } from "~/core/catalogue/catalogue-changes";
import { putTenant } from "~/core/decision/changes";
import type { ResetPeriod } from "~/core/model";
import { day, hour } from "~/core/time";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { readEnv } from "~/server/env.server";
import { createKey } from "~/server/keys/api-keys.server";
import { createServices, stopServices } from "~/server/process/start.server";
import { ada, meteredFeature, plan } from "./facts";

export const tenants = Array.from({ length: 10 }, (_, i) => `tenant-${i}`);
/** One feature for each. */
export const periods: [feature: string, ResetPeriod][] = [
  ["by-hour", "hour"],
  ["by-day", "day"],
  ["by-month", "month"],
  ["for-good", "never"],
];
/** Each tenant has this many units of the feature "few". */
export const few = 10;
/** Hours before now at which usage occurred, all within the accepted week. */
export const hoursBack = [0, 1, 2, 23, 24, 25, 72, 160];

export type UsageEvent = { tenant: string; feature: string; quantity: number; idempotencyKey: string; time: string };

/** The period's first instant, computed independently. */
export function periodOf(period: ResetPeriod, at: number): number {
  if (period === "hour") return at - (at % hour);
  if (period === "day") return at - (at % day);
  return period === "month" ? Date.UTC(new Date(at).getUTCFullYear(), new Date(at).getUTCMonth()) : -1;
}

export const counterOf = (tenant: string, feature: string, at: number) =>
  `${tenant} ${feature} ${periodOf(new Map(periods).get(feature) as ResetPeriod, at)}`;

const below = (n: number) => Math.floor(Math.random() * n);
const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;

export function someEvents(count: number, thisHour: number): UsageEvent[] {
  const run = randomBytes(4).toString("hex");
  return Array.from({ length: count }, (_, i) => {
    const time = new Date(thisHour - pick(hoursBack) * hour + below(1_000)).toISOString();
    return { tenant: pick(tenants), feature: pick(periods)[0], quantity: 1 + below(9), idempotencyKey: `${run}-${i}`, time };
  });
}

/** The expected total of each counter if every event counts once. */
export function sumOf(events: UsageEvent[]): Map<string, number> {
  const sum = new Map<string, number>();
  for (const { tenant, feature, quantity, time } of events) {
    const counter = counterOf(tenant, feature, Date.parse(time));
    sum.set(counter, (sum.get(counter) ?? 0) + quantity);
  }
  return sum;
}

/** Batches per process in any order: copies of an event go to one process after another. */
export function queuesFor(events: UsageEvent[], copies: number, processes: number, batch: number): UsageEvent[][][] {
  const queues: UsageEvent[][] = Array.from({ length: processes }, () => []);
  for (const event of events) {
    const first = below(processes);
    for (let copy = 0; copy < copies; copy++) queues[(first + copy) % processes]?.push(event);
  }
  return queues.map((queue) => {
    for (let i = queue.length - 1; i > 0; i--) {
      const j = below(i + 1);
      [queue[i], queue[j]] = [queue[j] as UsageEvent, queue[i] as UsageEvent];
    }
    return Array.from({ length: Math.ceil(queue.length / batch) }, (_, i) => queue.slice(i * batch, (i + 1) * batch));
  });
}

/** An installation that is a week old, so that past usage belongs to existing tenants. Returns a key. */
export async function install(url: string): Promise<string> {
  const env = readEnv({ DATABASE_URL: url, LOG_LEVEL: "silent", NODE_ENV: "test" });
  const services = await createServices(env, { now: () => Date.now() - 8 * day });
  const features = [["few", "never"] as const, ...periods].map(([key, resetPeriod]) => meteredFeature(key, { resetPeriod }));
  const gives = Object.fromEntries(periods.map(([key]) => [key, "unlimited"]));
  const change = { features, plans: [plan("all", { ...gives, few })] };
  await changeCatalogue(services, ada, (_facts, stamp) => ({
    ok: true,
    change: catalogueChange("catalogue.imported", change, stamp, null),
  }));
  for (const key of tenants) await changeTenant(services, key, ada, (facts, c, stamp) => putTenant(facts, key, { plan: "all" }, c, stamp));
  const { key } = await createKey(services, ada, { name: "test", scopes: ["check", "usage"], expiresAt: null });
  await stopServices(services);
  return key;
}
