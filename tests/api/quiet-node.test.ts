import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { maxUnconfirmedMs } from "~/server/facts/synchronization.server";
import { type Api, startApi } from "../support/api";
import { changesElsewhere } from "../support/changes-elsewhere";
import { until } from "../support/poll";
import { engines } from "../support/services";

/** Node A makes the changes. Node B is asked only after each of them. */
let a: Api;
let b: Api;
let elapsed: number;
afterEach(async () => {
  await b.stop();
  await a.stop();
});

async function start(engine: (typeof engines)[number]) {
  a = await startApi(engine);
  await changesElsewhere.prepare(a);
  elapsed = 0;
  b = await startApi(engine, { url: a.url, keys: a.keys, elapsed: () => performance.now() + elapsed });
  await changesElsewhere.warm(b);
}

async function query(statement: string) {
  const client = new pg.Client({ connectionString: a.url });
  await client.connect();
  await client.query(statement);
  await client.end();
}

describe.each(engines)("on %s, a node that nobody asked meanwhile answers its first request by what another node committed:", (engine) => {
  beforeEach(() => start(engine));

  test.each(changesElsewhere.kinds)("%s", async (kind) => {
    // No notification is sent, and the time of a missed one has passed.
    if (engine === "postgres") await query("alter table changes disable trigger user");
    for (let round = 0; round < 10; round++) {
      const { question, answer } = await changesElsewhere.make(kind, a, round);
      elapsed += maxUnconfirmedMs + 1;
      expect([round, await question(b)]).toEqual([round, answer]);
    }
  });
});

describe("on PostgreSQL", () => {
  beforeEach(() => start("postgres"));

  test.each(changesElsewhere.kinds)("a notification alone, without any request, brings a node up to date: %s", async (kind) => {
    const { question, answer } = await changesElsewhere.make(kind, a, 0);
    // What it would answer is looked up in its memory, past everything that could start a reading.
    const { look } = b.services.facts;
    b.services.facts.look = () => undefined;
    const isThere = async () => JSON.stringify(await question(b)) === JSON.stringify(answer) || undefined;
    await until(isThere, 5_000, () => "the change did not arrive");
    b.services.facts.look = look;
  });

  test("a request waits one second for the reading, and is then answered from memory, marked stale and not to be kept", async () => {
    const ask = (tenant: string) => b.get(`/api/entitlements?tenant=${tenant}&feature=sso`, b.keys.check);
    const blocker = new pg.Client({ connectionString: a.url });
    await blocker.connect();
    await blocker.query("begin");
    await blocker.query("lock table changes in access exclusive mode");
    elapsed += maxUnconfirmedMs + 1;
    const answer = await ask("acme");
    expect(answer.headers.get("cache-control")).toBe("private, max-age=0");
    expect(await answer.json()).toMatchObject({ isStale: true, entitlements: { sso: { entitled: true } } });
    expect((await ask("unheard")).status).toBe(503);
    await blocker.query("rollback");
    await blocker.end();
    const isOver = async () => (await (await ask("acme")).json()).isStale === false || undefined;
    await until(isOver, 10_000, () => "still stale");
    expect((await ask("acme")).headers.get("cache-control")).toBe("private, max-age=30");
    expect((await ask("unheard")).status).toBe(200);
  });
});
