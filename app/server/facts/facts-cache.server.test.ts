import { setImmediate as nextTurn } from "node:timers/promises";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { putTenant } from "~/core/decision/changes";
import { day } from "~/core/time";
import { changeTenant } from "~/server/changes/tenant-change.server";
import type { CommitListener } from "~db/database";
import { appendChange, appendTenantChanges } from "~db/store/changes.server";
import { ada } from "~tests/facts";
import { until } from "~tests/poll";
import { engines, startServices, type TestServices } from "~tests/services";
import { createFactsCache, type FactsCache } from "./facts-cache.server";

let s: TestServices;
/** A second process, whose notifications the test sends. */
let cache: FactsCache;
/** Signals a commit of another process to it. */
let signal: CommitListener;
/** A third process in the middle of a transaction. */
let slow: pg.Client;

beforeEach(async () => {
  s = await startServices("postgres");
  slow = new pg.Client({ connectionString: s.url });
  await slow.connect();
  await s.facts.stop();
  const followCommits = (listener: CommitListener) => {
    signal = listener;
  };
  cache = createFactsCache({ ...s.db, followCommits }, s.log, 1_000_000);
});
afterEach(async () => {
  await cache.stop();
  await slow.end();
  await s.stop();
});

const create = (key: string) => changeTenant(s, key, ada, (facts, c, stamp) => putTenant(facts, key, {}, c, stamp));
const touch = (subject: string) => slow.query("insert into changes (kind, subject, at) values ('tenant', $1, now())", [subject]);

async function look() {
  await nextTurn();
  return cache.look();
}
const dropped = (key: string) =>
  until(
    async () => {
      await look();
      return cache.peek(key) === undefined || undefined;
    },
    3_000,
    () => `the change of ${key} was not seen`,
  );

test.each(engines)(
  "a process on %s that slept for days trusts nothing that it held, since what it missed is gone from the feed",
  async (engine) => {
    const mine = await startServices(engine);
    const other = await startServices(engine, { url: mine.url });
    await changeTenant(other, "acme", ada, (facts, c, stamp) => putTenant(facts, "acme", { name: "Acme" }, c, stamp));
    const nameOf = async () => {
      await nextTurn();
      await mine.facts.look();
      return (await mine.facts.tenant("acme")).facts?.name;
    };
    expect(await nameOf()).toBe("Acme");
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      await changeTenant(other, "acme", ada, (facts, c, stamp) => putTenant(facts, "acme", { name: "Acme Ltd" }, c, stamp));
      await other.db.transaction([], async (tx) => void (await tx.delete(other.db.tables.changes)));
      vi.setSystemTime(Date.now() + 2 * day);
      const isNew = async () => (await nameOf()) === "Acme Ltd" || undefined;
      await until(isNew, 3_000, () => "still holds what was");
    } finally {
      vi.useRealTimers();
    }
    await other.stop();
    await mine.stop();
  },
);

/** Commits so many changes of tenants that they are not followed one by one. */
const importMany = ({ db }: TestServices) =>
  db.transaction([], async (tx) => {
    const keys = Array.from({ length: 20_000 }, (_, i) => `imported${i}`);
    await appendTenantChanges(tx, db.tables, keys, Date.now());
  });

describe.each(engines)("after an import of very many tenants on %s", (engine) => {
  test("a process forgets its tenants and goes to the end of the feed, also while one of them is being read", async () => {
    const mine = await startServices(engine);
    const other = await startServices(engine, { url: mine.url });
    const rename = (name: string) => changeTenant(other, "acme", ada, (facts, c, stamp) => putTenant(facts, "acme", { name }, c, stamp));
    const nameOf = async () => {
      await nextTurn();
      await mine.facts.look();
      return (await mine.facts.tenant("acme")).facts?.name;
    };
    await rename("Acme");
    await changeTenant(other, "globex", ada, (facts, c, stamp) => putTenant(facts, "globex", {}, c, stamp));
    expect(await nameOf()).toBe("Acme");
    await mine.facts.tenant("globex");
    for (const name of ["Acme Ltd", "Acme Inc"]) {
      await importMany(other);
      await rename(name);
      const [, loaded] = await Promise.all([mine.facts.catchUpNow(), mine.facts.tenant("acme")]);
      expect(loaded.facts?.name).toMatch(/Acme/);
      expect(await nameOf()).toBe(name);
      expect(mine.facts.peek("globex")).toBe(undefined);
    }
    await other.stop();
    await mine.stop();
  });
});

test("an import of very many tenants on PostgreSQL does not hide a smaller number that commits after it", async () => {
  await create("acme");
  await cache.start();
  await cache.tenant("acme");
  await slow.query("begin");
  await touch("acme");
  await importMany(s);
  signal("commit");
  await look();
  expect(cache.peek("acme")).toBeDefined();
  await slow.query("commit");
  signal("commit");
  await dropped("acme");
});

describe("what another process commits on PostgreSQL is seen", () => {
  test("when word of it comes while older changes are still being read", async () => {
    await create("acme");
    await cache.start();
    await cache.tenant("acme");
    await slow.query("insert into changes (kind, subject, at) values ('catalogue', '', now())");
    await slow.query("begin");
    await slow.query("lock table facts_history in access exclusive mode");
    signal("commit");
    await look();
    const isReading = async () => {
      const { rows } = await slow.query("select from pg_locks where pg_backend_pid() = any(pg_blocking_pids(pid))");
      return rows.length > 0 || undefined;
    };
    await until(isReading, 5_000, () => "nothing was read");
    await touch("acme");
    signal("commit");
    await look();
    await slow.query("commit");
    await dropped("acme");
  });

  test("when its transaction had begun before this process did, and others were quicker", async () => {
    s.clock.now = Date.now();
    await create("acme");
    await slow.query("begin");
    await touch("acme");
    await create("quick");
    await cache.start();
    await cache.tenant("acme");
    await slow.query("commit");
    signal("commit");
    await dropped("acme");
  });

  test("when a later number was committed and read before it", async () => {
    await create("acme");
    await create("quick");
    await cache.start();
    await cache.tenant("acme");
    await cache.tenant("quick");
    await slow.query("begin");
    await touch("acme");
    await s.db.transaction([], (tx) => appendChange(tx, s.db.tables, "tenant", "quick", s.now()));
    signal("commit");
    await dropped("quick");
    expect(cache.peek("acme")).toBeDefined();
    await slow.query("commit");
    signal("commit");
    await dropped("acme");
  });
});

test("changes are read once, not again and again for as long as an older one might still be committed", async () => {
  await create("acme");
  await cache.start();
  await slow.query("insert into changes (kind, subject, at) select 'tenant', 't' || n, now() from generate_series(1, 110000) n");
  const asked = vi.spyOn(pg.Pool.prototype, "query");
  onTestFinished(() => asked.mockRestore());
  const readsForOneMore = async () => {
    await cache.tenant("acme");
    const before = asked.mock.calls.length;
    await touch("acme");
    signal("commit");
    await dropped("acme");
    return asked.mock.calls.length - before;
  };
  expect(await readsForOneMore()).toBeGreaterThanOrEqual(3);
  expect(await readsForOneMore()).toBeLessThan(3);
});
