import Sqlite from "better-sqlite3";
import { inArray } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DatabaseBusy } from "~db/unavailable";
import { measured } from "../support/measured";
import { engines, startServices, type TestServices } from "../support/services";

const kinds = [...engines.map((engine) => [engine, "here"] as const), ["sqlite", "in threads"] as const];

describe.each(kinds)("writes that wait at the same time on %s, done %s", (engine, where) => {
  let s: TestServices;
  beforeEach(async () => {
    s = await startServices(engine);
    if (where === "in threads") s.db.startThreads();
  });
  afterEach(() => s.stop());

  test("fail by themselves: the others are committed", async () => {
    const { settings } = s.db.tables;
    const names = Array.from({ length: 10 }, (_, i) => `w${i}`);
    const settled = await Promise.allSettled(
      names.map((key, i) =>
        s.db.transaction([], async (tx) => {
          await tx.insert(settings).values({ key, value: i });
          if (i % 2 === 1) throw new Error(`refused ${key}`);
          return i;
        }),
      ),
    );
    expect(settled.map(({ status }) => status)).toEqual(names.map((_, i) => (i % 2 === 1 ? "rejected" : "fulfilled")));
    const there = await s.db.readAside.select({ key: settings.key }).from(settings).where(inArray(settings.key, names));
    expect(there.map(({ key }) => key).sort()).toEqual(["w0", "w2", "w4", "w6", "w8"]);
  });

  test("are all done before the database is closed", async () => {
    const other = await startServices(engine, { url: s.url });
    const { settings } = s.db.tables;
    if (where === "in threads") other.db.startThreads();
    // More than there are connections for.
    const keys = Array.from({ length: 40 }, (_, i) => `c${i}`);
    const writes = keys.map((key, i) => other.db.transaction([], async (tx) => void (await tx.insert(settings).values({ key, value: i }))));
    await Promise.all([...writes, other.stop()]);
    const there = await s.db.read.select({ key: settings.key }).from(settings).where(inArray(settings.key, keys));
    expect(there).toHaveLength(keys.length);
  });
});

test("eight writes behind a locked file are all refused when the time of each is over, not one after the other", measured, async () => {
  const s = await startServices();
  s.db.startThreads();
  const other = new Sqlite(s.url.slice("file:".length));
  other.exec("BEGIN IMMEDIATE");
  const began = performance.now();
  const took: number[] = [];
  const writes = Array.from({ length: 8 }, () =>
    s.db
      .transaction([], async () => {})
      .catch((error) => {
        took.push(performance.now() - began);
        return error;
      }),
  );
  for (const error of await Promise.all(writes)) expect(error).toBeInstanceOf(DatabaseBusy);
  expect(Math.max(...took) / Math.min(...took)).toBeLessThan(1.8);
  other.exec("ROLLBACK");
  other.close();
  await s.db.transaction([], async () => {});
  await s.stop();
});
