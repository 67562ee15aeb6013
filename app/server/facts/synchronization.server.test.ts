import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CommitListener } from "~db/database";
import { createSynchronization, maxUnconfirmedMs, maxWaitMs, type Synchronization } from "./synchronization.server";

let sync: Synchronization;
let signal: CommitListener;
let clock: number;
/** Readings that have started, each with its end in the test's hands. */
let readings: { succeed: () => void; fail: (error: Error) => void }[];

beforeEach(() => {
  vi.useFakeTimers();
  clock = 0;
  readings = [];
  const read = () => new Promise<void>((succeed, fail) => readings.push({ succeed, fail }));
  const db = {
    followCommits: (listener: CommitListener) => {
      signal = listener;
    },
    hasMoved: () => false,
    reconnect: () => {},
  };
  sync = createSynchronization(db, pino({ level: "silent" }), read, () => clock);
  sync.start();
});
afterEach(() => vi.useRealTimers());

const settle = () => vi.advanceTimersByTimeAsync(0);
/** "waits", or what the request would be answered as. */
async function ask() {
  let state = "waits";
  const answer = () => {
    state = sync.isStale() ? "stale" : "fresh";
  };
  const looked = sync.look();
  if (looked) void looked.then(answer);
  else answer();
  await settle();
  return () => state;
}

test("a commit elsewhere starts a reading that nobody asked for, and requests wait for it", async () => {
  expect((await ask())()).toBe("fresh");
  signal("commit");
  expect(readings).toHaveLength(1);
  const answered = await ask();
  expect(answered()).toBe("waits");
  readings[0]?.succeed();
  await settle();
  expect(answered()).toBe("fresh");
  expect((await ask())()).toBe("fresh");
});

test("a commit that is noticed during a reading leads to another one, and requests wait for that", async () => {
  signal("poll");
  signal("commit");
  const answered = await ask();
  signal("commit");
  expect(readings).toHaveLength(1);
  readings[0]?.succeed();
  await settle();
  expect([answered(), readings.length]).toEqual(["waits", 2]);
  signal("commit");
  readings[1]?.succeed();
  await settle();
  expect([answered(), (await ask())(), readings.length]).toEqual(["fresh", "waits", 3]);
});

test("a poll starts a reading, and nobody waits for it", async () => {
  signal("poll");
  expect([readings.length, (await ask())()]).toEqual([1, "fresh"]);
});

test("a process that has not read for two seconds reads before it answers, whichever clock says so", async () => {
  for (const pass of [() => (clock += maxUnconfirmedMs + 1), () => vi.setSystemTime(Date.now() + maxUnconfirmedMs + 1)]) {
    const before = readings.length;
    expect((await ask())()).toBe("fresh");
    pass();
    const answered = await ask();
    expect([answered(), readings.length]).toEqual(["waits", before + 1]);
    readings.at(-1)?.succeed();
    await settle();
    expect(answered()).toBe("fresh");
  }
});

test("a reading counts from its start: one that took longer than two seconds confirms nothing", async () => {
  signal("poll");
  clock += maxUnconfirmedMs + 1;
  readings[0]?.succeed();
  await settle();
  expect([(await ask())(), readings.length]).toEqual(["waits", 2]);
});

test("a request waits one second for a reading, and is then answered from memory, marked stale, until a later reading succeeds", async () => {
  signal("commit");
  const answered = await ask();
  await vi.advanceTimersByTimeAsync(maxWaitMs - 1);
  expect(answered()).toBe("waits");
  await vi.advanceTimersByTimeAsync(1);
  expect([answered(), (await ask())()]).toEqual(["stale", "stale"]);
  signal("commit");
  readings[0]?.succeed();
  await settle();
  expect((await ask())()).toBe("stale");
  readings[1]?.succeed();
  await settle();
  expect((await ask())()).toBe("fresh");
});

test("while the database cannot be read, requests are answered at once, marked stale, and it is tried again without a request", async () => {
  signal("commit");
  readings[0]?.fail(new Error("gone"));
  await settle();
  expect((await ask())()).toBe("stale");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(readings).toHaveLength(2);
  readings[1]?.succeed();
  await settle();
  expect((await ask())()).toBe("fresh");
});
