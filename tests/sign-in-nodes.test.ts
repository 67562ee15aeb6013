import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { minute } from "~/core/time";
import { type AllNodesThrottle, createAllNodesThrottle } from "~/server/admins/all-nodes-throttle.server";
import { DatabaseUnavailable } from "~db/unavailable";
import { startTestApp } from "./support/app";
import { startServices, type TestServices } from "./support/services";

let one: TestServices;
let two: TestServices;
beforeAll(async () => {
  one = await startServices("postgres");
  two = await startServices("postgres", { url: one.url });
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});

let next = 0;
const freshAccount = () => `admin${next++}@example.com`;
const freshIp = () => `10.${(next >> 16) & 255}.${(next >> 8) & 255}.${next++ & 255}`;
const nodeOf = ({ db, clock }: TestServices) =>
  createAllNodesThrottle(
    db,
    () => clock.now,
    () => clock.now,
  );
/** New throttles without any tries, on two connections to one database. */
const nodes = (count: number) => Array.from({ length: count }, (_, i) => nodeOf(i % 2 === 0 ? one : two));
const pass = (ms: number) => {
  for (const { clock } of [one, two]) clock.now += ms;
};
/** Begins an hour, and with it each window. */
const beginHour = () => pass(60 * minute - (one.clock.now % (60 * minute)));
const isTaken = async (node: AllNodesThrottle, tried: Parameters<AllNodesThrottle["take"]>[0]) => (await node.take(tried)) === 0;

test("services have the throttle for all nodes", async () => {
  const ip = freshIp();
  beginHour();
  for (let i = 0; i < 20; i++) expect(await isTaken((i % 2 ? one : two).throttle, { account: freshAccount(), ip })).toBe(true);
  for (const { throttle } of [one, two]) expect(await throttle.take({ account: freshAccount(), ip })).toBe(minute);
});

describe("on one PostgreSQL, over all nodes", () => {
  test("a network has 20 tries a minute and 100 an hour, also when they arrive at once", async () => {
    const pair = nodes(2);
    const ip = freshIp();
    beginHour();
    for (let round = 0; round < 5; round++) {
      const tries = Array.from({ length: 30 }, (_, i) => isTaken(pair[i % 2] as AllNodesThrottle, { account: freshAccount(), ip }));
      expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(round < 3 ? 20 : round === 3 ? 10 : 0);
      pass(minute);
    }
    for (const node of pair) expect(await node.take({ account: freshAccount(), ip })).toBe(55 * minute);
    pass(55 * minute);
    expect(await isTaken(pair[0] as AllNodesThrottle, { account: freshAccount(), ip })).toBe(true);
  });

  test("a source has 20 tries on one account in an hour", async () => {
    const tried = { account: freshAccount(), ip: freshIp() };
    let taken = 0;
    // Each new node alone would allow five, and a network has 20 each minute.
    for (const node of nodes(8)) {
      for (let i = 0; i < 6; i++) if (await isTaken(node, tried)) taken += 1;
      pass(minute);
    }
    expect(taken).toBe(20);
    const [node] = nodes(1) as [AllNodesThrottle];
    const wait = await node.take(tried);
    expect(wait).toBeGreaterThan(55 * minute);
    expect(wait).toBeLessThanOrEqual(60 * minute);
    for (const other of [{ account: freshAccount() }, { ip: freshIp() }, { device: "known" }])
      expect(await isTaken(node, { ...tried, ...other })).toBe(true);
  });

  test.each([
    [36, true],
    [37, false],
  ])("on an account that had %i failures of others, a source's fourth try in an hour is allowed: %j", async (count, isAllowed) => {
    const account = freshAccount();
    const three = nodes(3);
    // Fewer than 20 on each, from which a node counts the account as attacked by itself.
    for (let i = 0; i < count; i++) expect(await isTaken(three[i % 3] as AllNodesThrottle, { account, ip: freshIp() })).toBe(true);
    const owner = { account, ip: freshIp() };
    const taken = [];
    for (const node of nodes(4)) taken.push(await isTaken(node, owner));
    expect(taken).toEqual([true, true, true, isAllowed]);
    const known = { account, ip: owner.ip, device: "known" };
    for (let i = 0; i < 5; i++) expect(await isTaken(three[0] as AllNodesThrottle, known)).toBe(true);
  });

  test("right passwords use up nothing", async () => {
    const pair = nodes(2);
    const ip = freshIp();
    beginHour();
    const account = freshAccount();
    for (let i = 0; i < 50; i++) {
      const tried = { account: i % 2 ? account : freshAccount(), ip };
      const node = pair[i % 3 ? 0 : 1] as AllNodesThrottle;
      expect(await isTaken(node, tried)).toBe(true);
      await node.succeeded(tried);
    }
    for (let i = 0; i < 20; i++) expect(await isTaken(pair[i % 2] as AllNodesThrottle, { account: freshAccount(), ip })).toBe(true);
    expect(await isTaken(pair[0] as AllNodesThrottle, { account: freshAccount(), ip })).toBe(false);
  });

  test("a password that was not checked is no failure, but counts for its network", async () => {
    const pair = nodes(2);
    const ip = freshIp();
    beginHour();
    const account = freshAccount();
    for (let i = 0; i < 20; i++) {
      const node = pair[i % 2] as AllNodesThrottle;
      expect(await isTaken(node, { account, ip })).toBe(true);
      await node.takeBack({ account, ip });
    }
    for (const node of pair) expect(await node.take({ account, ip })).toBe(minute);
    pass(minute);
    for (const node of pair) for (let i = 0; i < 5; i++) expect(await isTaken(node, { account, ip })).toBe(true);
  });

  test("a password that succeeds in the next minute does not add tries to that minute", async () => {
    const [node] = nodes(1) as [AllNodesThrottle];
    const ip = freshIp();
    beginHour();
    const tried = { account: freshAccount(), ip };
    await node.take(tried);
    pass(minute);
    await node.succeeded(tried);
    for (let i = 0; i < 20; i++) expect(await isTaken(node, { account: freshAccount(), ip })).toBe(true);
    expect(await isTaken(node, { account: freshAccount(), ip })).toBe(false);
  });

  test("what one node refuses costs no query", async () => {
    const [node] = nodes(1) as [AllNodesThrottle];
    const tried = { account: freshAccount(), ip: freshIp() };
    for (let i = 0; i < 5; i++) await node.take(tried);
    const transaction = vi.spyOn(one.db, "transaction");
    expect(await node.take(tried)).toBe(1_000);
    expect(transaction).not.toHaveBeenCalled();
    transaction.mockRestore();
  });
});

describe("while the database is away", () => {
  test("a sign-in is answered 503, and its password is not checked", async () => {
    const app = await startTestApp({ env: { DATABASE_URL: one.url } });
    onTestFinished(() => app.close());
    const verify = vi.spyOn(app.services.passwords, "verify");
    const transaction = vi.spyOn(app.services.db, "transaction").mockRejectedValue(new DatabaseUnavailable());
    const form = { email: "ada@example.com", password: "wrong" };
    const refused = await app.browser().post("/sign-in", form);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
    expect(await refused.text()).toContain("Tries cannot be counted just now. Try again in a few seconds.");
    expect(verify).not.toHaveBeenCalled();
    transaction.mockRestore();
    expect((await app.browser().post("/sign-in", form)).status).toBe(400);
  });

  test("nothing may be tried, and nobody has fewer tries afterwards", async () => {
    const [node] = nodes(1) as [AllNodesThrottle];
    const tried = { account: freshAccount(), ip: freshIp() };
    const transaction = vi.spyOn(one.db, "transaction").mockRejectedValue(new DatabaseUnavailable());
    // More than a network has in an hour, and than make an account count as attacked.
    for (let i = 0; i < 120; i++) expect(await node.take(tried)).toBeNull();
    transaction.mockRestore();
    for (let i = 0; i < 5; i++) expect(await isTaken(node, tried)).toBe(true);
    expect(await node.take(tried)).toBe(1_000);
  });

  test("the last try in the queue is answered after five seconds too", async () => {
    const [node] = nodes(1) as [AllNodesThrottle];
    let elapsed = performance.now();
    const clock = vi.spyOn(performance, "now").mockImplementation(() => elapsed);
    const transaction = vi.spyOn(one.db, "transaction").mockImplementation(async () => {
      elapsed += 3_000;
      throw new DatabaseUnavailable();
    });
    const tries = Array.from({ length: 50 }, () => node.take({ account: freshAccount(), ip: freshIp() }));
    expect(new Set(await Promise.all(tries))).toEqual(new Set([null]));
    expect(transaction.mock.calls.length).toBeLessThan(5);
    transaction.mockRestore();
    clock.mockRestore();
  });

  test("102 tries of strangers are queued and more are refused; known browsers, sessions and successes have their own queue", async () => {
    const [node] = nodes(1) as [AllNodesThrottle];
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const transaction = vi.spyOn(one.db, "transaction").mockImplementation(async () => {
      await ended;
      return 0 as never;
    });
    const strangers = Array.from({ length: 110 }, () => node.take({ account: freshAccount(), ip: freshIp() }));
    const known = [
      node.take({ account: freshAccount(), ip: freshIp(), device: "known" }),
      node.take({ account: freshAccount(), ip: freshIp(), isSignedIn: true }),
      node.succeeded({ account: freshAccount(), ip: freshIp() }),
    ];
    end();
    expect((await Promise.all(strangers)).filter((wait) => wait === null)).toHaveLength(8);
    expect(await Promise.all(known)).toEqual([0, 0, undefined]);
    transaction.mockRestore();
  });
});

test("the table holds neither addresses nor accounts", async () => {
  const tried = { account: freshAccount(), ip: "192.0.2.77" };
  await (nodes(1)[0] as AllNodesThrottle).take(tried);
  const rows = await one.db.read.select().from(one.db.tables.signInCounts);
  expect(rows.length).toBeGreaterThan(4);
  for (const { key } of rows) expect(key).toMatch(/^[\w-]{22}$/);
});

test("a node on SQLite counts in its memory alone", async () => {
  const services = await startServices("sqlite");
  onTestFinished(services.stop);
  const tried = { account: freshAccount(), ip: freshIp() };
  for (let i = 0; i < 5; i++) expect(await services.throttle.take(tried)).toBe(0);
  expect(await services.throttle.take(tried)).toBe(1_000);
  expect(await services.db.read.select().from(services.db.tables.signInCounts)).toEqual([]);
});
