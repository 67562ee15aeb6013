import net from "node:net";
import { sql } from "drizzle-orm";
import pg from "pg";
import { afterEach, describe, expect, test } from "vitest";
import { type Api, startApi } from "../support/api";
import { feature, plan } from "../support/facts";
import { until } from "../support/poll";

let api: Api;
afterEach(() => api.stop());

async function entitled(tenant: string, asker = api, key = api.keys.check) {
  const answer = await asker.get(`/api/entitlements?tenant=${tenant}&feature=sso`, key);
  const { isStale, entitlements } = await answer.json();
  return { status: answer.status, isStale, yes: entitlements?.sso.entitled };
}

async function fill() {
  await api.catalogue([feature("sso")], [plan("pro", { sso: true })]);
  await api.tenant("acme", { plan: "pro" });
  await api.tenant("cold", { plan: "pro" });
}

test("writers that wait for a long import leave connections for those who read", async () => {
  api = await startApi("postgres");
  await fill();
  const other = await startApi("postgres", { url: api.url });
  const importer = new pg.Client({ connectionString: api.url });
  await importer.connect();
  await importer.query("begin");
  await importer.query("select pg_advisory_xact_lock(hashtextextended('catalogue', 0))");
  const writes = Array.from({ length: 25 }, (_, i) => other.send("PUT", `/api/tenants/t${i}`, { plan: "pro" }, api.keys.manage));
  const waiting = async () => {
    const { rows } = await importer.query(
      "select from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())",
    );
    return rows.length >= writes.length / 5 || undefined;
  };
  await until(waiting, 5_000, () => "the writers do not wait");
  expect(await entitled("cold", other)).toEqual({ status: 200, isStale: false, yes: true });
  await importer.query("commit");
  for (const { status } of await Promise.all(writes)) expect(status).toBe(201);
  await importer.end();
  await other.stop();
});

test("a connection that breaks in the middle of a transaction fails that transaction and not the process", async () => {
  api = await startApi("postgres");
  await fill();
  const { db } = api.services;
  const broken = db.transaction([], async (tx) => {
    const [row] = (await tx.select({ pid: sql<number>`pg_backend_pid()` }).from(db.tables.tenants)) as { pid: number }[];
    await db.read.select({ done: sql`pg_terminate_backend(${row?.pid})` }).from(db.tables.tenants);
    await until(
      async () => {
        const [found] = await db.read
          .select({ n: sql<number>`(select count(*)::int from pg_stat_activity where pid = ${row?.pid})` })
          .from(db.tables.tenants);
        return found?.n === 0 || undefined;
      },
      5_000,
      () => "the connection is still there",
    );
    await tx.delete(db.tables.changes);
  });
  await expect(broken).rejects.toThrow();
  expect((await api.tenant("acme", { name: "Acme Inc." })).ok).toBe(true);
});

/** A proxy in front of PostgreSQL. Once cut, nothing passes and no side is notified. */
async function cable(url: string) {
  const to = new URL(url);
  const open = new Set<net.Socket>();
  let isCut = false;
  const server = net.createServer((near) => {
    const far = net.connect(Number(to.port), to.hostname);
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(from);
      from.on("data", (bytes) => isCut || into.write(bytes));
      from.on("close", () => isCut || into.destroy());
      from.on("error", () => {});
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const through = new URL(url);
  through.hostname = "127.0.0.1";
  through.port = String((server.address() as net.AddressInfo).port);
  return {
    url: through.href,
    cut: () => {
      isCut = true;
    },
    remove: () => {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}

describe("a PostgreSQL behind a cut cable, which refuses nothing and answers nothing", () => {
  test("leaves known tenants answered, marked stale, and a tenant that is not in memory gets 503", async () => {
    api = await startApi("postgres");
    await fill();
    const way = await cable(api.url);
    const far = await startApi("postgres", { url: way.url });
    const ask = (tenant: string) => entitled(tenant, far);
    expect(await ask("acme")).toEqual({ status: 200, isStale: false, yes: true });
    way.cut();
    expect((await ask("cold")).status).toBe(503);
    await until(
      async () => (await ask("acme")).isStale || undefined,
      10_000,
      () => "the answer is not marked stale",
    );
    expect(await ask("acme")).toEqual({ status: 200, isStale: true, yes: true });
    way.remove();
    await far.stop();
  });
});
