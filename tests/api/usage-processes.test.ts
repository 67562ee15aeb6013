import { afterEach, describe, expect, test } from "vitest";
import type { Engine } from "~db/dialect";
import { openDatabase } from "~db/open.server";
import { type Fleet, startFleet } from "../support/fleet";
import { until } from "../support/poll";
import { isLong } from "../support/scale";
import { freshDatabaseUrl } from "../support/services";
import { counterOf, few, install, periodOf, queuesFor, someEvents, sumOf, tenants, type UsageEvent } from "../support/usage-flood";

const count = isLong ? 100_000 : 10_000;
const eventsPerBatch = isLong ? 1_000 : 100;
const copies = 3;
/** Requests under way to each process at once. */
const senders = 2;
/** Batches that are answered between two kills. */
const killEvery = 45;

type Headers = Record<string, string>;
type Seen = { recorded: number; duplicates: number };

/** Sends every batch until it is answered: after a kill nobody knows whether it was recorded. Returns how often it was not. */
async function sendAll(fleet: Fleet, queues: UsageEvent[][][], headers: Headers): Promise<number> {
  let answered = 0;
  let repeated = 0;
  let killing: Promise<unknown> = Promise.resolve();
  async function attempt(place: number, events: UsageEvent[]): Promise<boolean> {
    const { url } = await fleet.at(place);
    const answer = await fetch(`${url}/api/usage`, { method: "POST", headers, body: JSON.stringify({ events }) }).catch(() => undefined);
    const text = await answer?.text().catch(() => undefined);
    if (text === undefined || answer?.status === 503) return false;
    const { recorded, duplicates }: Seen = JSON.parse(text);
    if (recorded + duplicates !== events.length) throw new Error(`${answer?.status}: ${text.slice(0, 500)}`);
    return true;
  }
  async function work(place: number): Promise<void> {
    const queue = queues[place] ?? [];
    for (let next = queue.pop(); next; next = queue.pop()) {
      while (!(await attempt(place, next))) repeated += 1;
      answered += 1;
      if (answered % killEvery === 0) killing = fleet.killNext();
    }
  }
  await Promise.all(queues.flatMap((_, place) => Array.from({ length: senders }, () => work(place))));
  await killing;
  return repeated;
}

/** What every counter of every period has come to, as it is on the disk. */
async function totalsIn(url: string): Promise<Map<string, number>> {
  const db = await openDatabase(url);
  const rows = await db.read.select().from(db.tables.usageTotals);
  await db.close();
  return new Map(rows.map(({ tenant, feature, periodStart, used }): [string, number] => [`${tenant} ${feature} ${periodStart}`, used]));
}

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

describe.each<[Engine, number]>([
  ["postgres", 4],
  ["sqlite", 2],
])("on %s, with %i processes of which one is killed now and then", (engine, size) => {
  test(`${count} events, each sent ${copies} times, come to exactly their sum; the last ${few} units go to ${few} of 50`, async () => {
    const { url, remove } = await freshDatabaseUrl(engine);
    stops.push(remove);
    const headers = { authorization: `Bearer ${await install(url)}`, "content-type": "application/json" };
    const fleet = await startFleet(url, size);
    stops.push(fleet.stop);

    const thisHour = periodOf("hour", Date.now());
    const events = someEvents(count, thisHour);
    const repeated = await sendAll(fleet, queuesFor(events, copies, size, eventsPerBatch), headers);
    expect(fleet.killed()).toBeGreaterThan(4);
    expect(repeated).toBeGreaterThan(0);

    const sums = sumOf(events);
    const ask = async (at: number, query: string): Promise<Record<string, { used: number }>> => {
      const answer = await fetch(`${(await fleet.at(at)).url}/api/entitlements?${query}`, { headers });
      return (await answer.json()).entitlements;
    };
    expect(await totalsIn(url)).toEqual(sums);
    for (let place = 0; place < size; place++) {
      for (const tenant of tenants) {
        // From memory, as an app asks.
        const total = sums.get(counterOf(tenant, "for-good", thisHour));
        const isVisible = async () => (await ask(place, `tenant=${tenant}&feature=for-good`))["for-good"]?.used === total || undefined;
        await until(isVisible, 20_000, () => `process ${place} does not say ${total} of ${tenant}`);
      }
    }

    const consume = async (i: number) => {
      const { url } = await fleet.at(i);
      const body = JSON.stringify({ tenant: tenants[0], feature: "few", idempotencyKey: `unit-${i}` });
      return (await fetch(`${url}/api/usage/consume`, { method: "POST", headers, body })).json();
    };
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => consume(i)));
    expect(answers.filter((a) => a.consumed)).toHaveLength(few);
    expect(answers.filter((a) => a.consumed === false && a.entitlement.remaining === 0)).toHaveLength(50 - few);
  }, 240_000);
});
