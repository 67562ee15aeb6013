import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Queries } from "~db/database";
import { rowsText, selectedFrom } from "~db/json-rows";
import { executeInThread } from "~db/sqlite-executor.server";
import { isUniqueViolation } from "~db/unique";
import { engines, startServices, type TestServices } from "../support/services";

describe.each(engines)("what is written aside on %s", (engine) => {
  let s: TestServices;
  beforeEach(async () => {
    s = await startServices(engine);
  });
  afterEach(() => s.stop());

  const putting = (key: string) => (q: Queries) => q.insert(s.db.tables.settings).values({ key, value: { n: 1 } });
  const keys = async () => (await s.db.read.select().from(s.db.tables.settings)).map((row) => row.key);

  test.each(["serves", "does not serve"])("is there when it is said to be, and fails by itself, in a process that %s", async (what) => {
    if (what === "serves") s.db.startThreads();
    await Promise.all([s.db.aside(putting("a")), s.db.aside(putting("b"))]);
    const again = await s.db.aside(putting("a")).catch((error) => error);
    expect(isUniqueViolation(again)).toBe(true);
    await s.db.aside(putting("c"));
    expect(await keys()).toEqual(expect.arrayContaining(["a", "b", "c"]));
  });

  test.each(["serves", "does not serve"])("is there in all its pieces or in none, in a process that %s", async (what) => {
    if (what === "serves") s.db.startThreads();
    const { settings } = s.db.tables;
    const add = s.db.prepareAside((q, piece) => q.insert(settings).select(selectedFrom(piece, settings)));
    const piece = (...keys: string[]) =>
      rowsText(
        settings,
        keys.map((key) => ({ key, value: { n: 1 } })),
      );
    await add([piece("a", "b"), piece("c")]);
    const again = await add([piece("d"), piece("a"), piece("e")]).catch((error) => error);
    expect(isUniqueViolation(again)).toBe(true);
    await Promise.all([add([piece("f")]), add([]), s.db.aside(putting("g"))]);
    const now = await keys();
    expect(["a", "b", "c", "d", "e", "f", "g"].filter((key) => now.includes(key))).toEqual(["a", "b", "c", "f", "g"]);
    await expect(s.db.transaction([], () => add([piece("h")]))).rejects.toThrow("inside another one");
  });

  test("waits its turn beside transactions of this process and of others", async () => {
    s.db.startThreads();
    const other = await startServices(engine, { url: s.url });
    const { settings } = s.db.tables;
    const inTransaction = (db: TestServices["db"], key: string) =>
      db.transaction([], async (tx) => {
        await tx.insert(settings).values({ key, value: 1 });
        await new Promise(setImmediate);
      });
    const works = Array.from({ length: 30 }, (_, i) => [
      s.db.aside(putting(`a${i}`)),
      inTransaction(s.db, `b${i}`),
      inTransaction(other.db, `c${i}`),
    ]);
    await Promise.all(works.flat());
    expect((await keys()).filter((key) => /^[abc]\d/.test(key))).toHaveLength(90);
    await other.stop();
  });

  test("is refused inside a transaction, which would wait for itself", async () => {
    await expect(s.db.transaction([], () => s.db.aside(putting("a")))).rejects.toThrow("inside another one");
  });
});

test("a thread that cannot go on says so, and takes nothing more", async () => {
  const thread = executeInThread("/nowhere/at/all.db", []);
  await expect(thread.execute("select 1")).rejects.toThrow("has ended");
  expect(thread.isAlive()).toBe(false);
  await expect(thread.execute("select 1")).rejects.toThrow("has ended");
  await thread.stop();
});

test("what is written aside waits while writes are held", async () => {
  const s = await startServices();
  const putting = (key: string) => (q: Queries) => q.insert(s.db.tables.settings).values({ key, value: 1 });
  const keys = async () => (await s.db.read.select().from(s.db.tables.settings)).map((row) => row.key);
  s.db.startThreads();
  await s.db.aside(putting("a"));
  let release = () => {};
  let begin = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const held = s.db.holdWrites(
    () =>
      new Promise<void>((resolve) => {
        release = resolve;
        begin();
      }),
  );
  // A batch that is still being written delays the hold.
  await begun;
  const written = s.db.aside(putting("b"));
  try {
    for (let looks = 0; looks < 300; looks++) {
      expect(await keys()).not.toContain("b");
      await new Promise(setImmediate);
    }
  } finally {
    release();
    await Promise.all([held, written]);
  }
  expect(await keys()).toContain("b");
  await s.stop();
});
