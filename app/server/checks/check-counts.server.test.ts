import pg from "pg";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Decision } from "~/core/decision/decide";
import { stopServices } from "~/server/process/start.server";
import { addingCheckCounts, type CheckCount, countBatchSize, countsByFeature } from "~db/store/check-counts.server";
import { now } from "~tests/facts";
import { until } from "~tests/poll";
import { engines, startServices, type TestServices } from "~tests/services";
import { createCheckCounts } from "./check-counts.server";

let s: TestServices;
afterEach(() => s.stop());

const yes = { feature: "sso", type: "boolean", entitled: true, source: "plan" } as Decision;
const today = "2026-11-20";
const written = (tenant: string) => countsByFeature(s.db.read, s.db.tables, tenant, today);

/** Counts over a database whose writes fail while `isDown` returns true. */
function countsOver(isDown: () => boolean, most?: number) {
  const prepareAside: TestServices["db"]["prepareAside"] = (build) => {
    const add = s.db.prepareAside(build);
    return (pieces) => (isDown() ? Promise.reject(new Error("no writing now")) : add(pieces));
  };
  return createCheckCounts({ ...s.db, prepareAside }, s.log, most);
}

describe("counts that could not be written", () => {
  test("are written with those that came after them", async () => {
    s = await startServices();
    let isDown = true;
    const counts = countsOver(() => isDown);
    counts.count("acme", [yes], now);
    counts.count("acme", [yes], now + 1);
    await counts.flush();
    counts.count("acme", [yes], now + 2);
    counts.countAll("acme", now + 3);
    await counts.flush();
    isDown = false;
    await counts.flush();
    await counts.flush();
    expect(await written("acme")).toEqual([
      { feature: "sso", allowed: 3, refused: 0, firstAt: now, lastAt: now + 2 },
      { feature: "*", allowed: 1, refused: 0, firstAt: now + 3, lastAt: now + 3 },
    ]);
  });

  test("are written once, those of a batch that was written in part too", async () => {
    s = await startServices();
    let writes = 0;
    const counts = countsOver(() => ++writes === 2);
    const tenants = Array.from({ length: 2 * countBatchSize + 1 }, (_, i) => `t${i}`);
    for (const tenant of tenants) counts.count(tenant, [yes], now);
    await counts.flush();
    for (const tenant of tenants) counts.count(tenant, [yes], now);
    await counts.flush();
    const rows = await s.db.read.select().from(s.db.tables.checkCounts);
    expect([writes, rows.length, rows.every((row) => row.count === 2)]).toEqual([5, tenants.length, true]);
  });

  test("add up to so many and no more; known ones go on counting", async () => {
    s = await startServices();
    let isDown = true;
    const counts = countsOver(() => isDown, 2);
    for (const tenant of ["a", "b", "c"]) counts.count(tenant, [yes], now);
    await counts.flush();
    for (const tenant of ["d", "b"]) counts.count(tenant, [yes], now);
    isDown = false;
    await counts.flush();
    const allowed = async (tenant: string) => (await written(tenant))[0]?.allowed;
    expect([await allowed("a"), await allowed("b"), await allowed("c"), await allowed("d")]).toEqual([1, 2, undefined, undefined]);
  });
});

test.each([
  ["stay in memory", 100],
  ["are too many to stay there", 4],
])("counts that were written and %s go on from nothing", async (_, most) => {
  s = await startServices();
  const counts = countsOver(() => false, most);
  const tenants = ["a", "b", "c"];
  const tallies = tenants.map((tenant) => counts.countBufferOf(counts.count(tenant, [yes], now), now));
  await counts.flush();
  expect(tallies.map((countBuffer) => counts.countAgain(countBuffer, now + 5))).toEqual(tenants.map(() => most === 100));
  for (const tenant of tenants) counts.count(tenant, [yes], now + 7);
  await counts.flush();
  const count = most === 100 ? 3 : 2;
  for (const tenant of tenants) expect(await written(tenant)).toMatchObject([{ allowed: count, firstAt: now, lastAt: now + 7 }]);
});

test("a count is being written before a second has passed", async () => {
  s = await startServices();
  let writes = 0;
  vi.useFakeTimers();
  try {
    const counts = countsOver(() => ++writes > 0);
    for (let second = 1; second <= 3; second++) {
      counts.count("acme", [yes], now);
      await vi.advanceTimersByTimeAsync(999);
      expect(writes).toBeGreaterThanOrEqual(second);
    }
  } finally {
    vi.useRealTimers();
  }
});

test.each(engines)("a process that serves on %s writes them beside its requests, all of them", async (engine) => {
  s = await startServices(engine);
  s.db.startThreads();
  const tenants = Array.from({ length: countBatchSize + 1 }, (_, i) => `t${i}`);
  for (let round = 1; round <= 3; round++) {
    for (const tenant of tenants) s.counts.count(tenant, [yes], now + round);
    if (round < 3) await s.counts.flush();
  }
  const other = await startServices(engine, { url: s.url });
  await stopServices(s);
  const rows = await other.db.read.select().from(other.db.tables.checkCounts);
  expect(rows).toHaveLength(tenants.length);
  for (const row of rows) expect(row).toMatchObject({ count: 3, firstAt: new Date(now + 1), lastAt: new Date(now + 3) });
  s = other;
});

test("while a write takes long, counts add up in one place instead of waiting behind it", async () => {
  s = await startServices();
  let writes = 0;
  let finish = () => {};
  const slow = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const prepareAside: TestServices["db"]["prepareAside"] = (build) => {
    const add = s.db.prepareAside(build);
    return async (pieces) => {
      writes += 1;
      if (writes === 1) await slow;
      return add(pieces);
    };
  };
  const counts = createCheckCounts({ ...s.db, prepareAside }, s.log);
  counts.count("acme", [yes], now);
  const flushes = [counts.flush()];
  await new Promise(setImmediate);
  for (let i = 1; i < 5; i++) {
    counts.count("acme", [yes], now + i);
    flushes.push(counts.flush());
  }
  finish();
  await Promise.all(flushes);
  expect(writes).toBe(2);
  expect(await written("acme")).toMatchObject([{ allowed: 5, firstAt: now, lastAt: now + 4 }]);
});

test("two processes that add to the same counts do not wait for each other in a circle", async () => {
  s = await startServices("postgres");
  const other = await startServices("postgres", { url: s.url });
  const rows = (...sources: string[]): CheckCount[] =>
    sources.map((source) => ({ tenant: "acme", day: today, feature: "sso", allowed: true, source, count: 1, firstAt: now, lastAt: now }));
  const [addHere, addThere] = [addingCheckCounts(s.db), addingCheckCounts(other.db)];
  await addHere(rows("a", "b", "x", "y"));
  const [blocker, watcher] = [new pg.Client({ connectionString: s.url }), new pg.Client({ connectionString: s.url })];
  await Promise.all([blocker.connect(), watcher.connect()]);
  const waiting = async () => {
    const { rows } = await watcher.query("select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");
    return rows.length === 2 || undefined;
  };
  // Each holds its first row and waits for a row that both release at the same time.
  await blocker.query("begin");
  await blocker.query("select from check_counts where source in ('x', 'y') for update");
  const both = Promise.all([addHere(rows("a", "x", "b")), addThere(rows("b", "y", "a"))]);
  await until(waiting, 5_000, () => "the two did not get as far as waiting");
  await blocker.query("commit");
  await both;
  expect(await written("acme")).toMatchObject([{ allowed: 10 }]);
  await Promise.all([blocker.end(), watcher.end()]);
  await other.stop();
});

test("whoever listens to what is written and fails makes no count twice, and none is lost after it", async () => {
  s = await startServices();
  let told = 0;
  s.counts.onWritten(([first]) => {
    told += first?.count ?? 0;
    throw new Error("not now");
  });
  s.counts.count("acme", [yes], now);
  await s.counts.flush();
  s.counts.count("acme", [yes], now);
  await s.counts.flush();
  expect([told, await written("acme")]).toMatchObject([2, [{ allowed: 2 }]]);
});
