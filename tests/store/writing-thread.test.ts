import { statSync } from "node:fs";
import { Worker } from "node:worker_threads";
import Sqlite from "better-sqlite3";
import { sql } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createKey } from "~/server/keys/api-keys.server";
import { maxWaitingWrites } from "~db/database";
import { maxIdleWalBytes } from "~db/sqlite-wal.server";
import { DatabaseUnavailable } from "~db/unavailable";
import { type Api, ada, startApi } from "../support/api";
import { feature, plan } from "../support/facts";
import { startKilledServer } from "../support/killed-server";
import { until } from "../support/poll";
import { isLong } from "../support/scale";
import { freshDatabaseUrl, startServices } from "../support/services";

const rounds = isLong ? 10 : 2;
const fileOf = ({ url }: { url: string }) => url.slice("file:".length);

describe("a process that serves on SQLite", () => {
  let api: Api;
  beforeEach(async () => {
    api = await startApi("sqlite", { variables: { LATCHKEY_RATE_LIMIT: "0" } });
    await api.catalogue([feature("sso")], [plan("starter", { sso: true })]);
    await api.tenant("acme", { plan: "starter" });
    api.services.db.startThreads();
  });
  afterEach(() => api.stop());

  test("refuses the write beyond a full queue by itself with 503, answers checks, and does all that waited", async () => {
    const { db } = api.services;
    const other = new Sqlite(fileOf(api));
    other.exec("BEGIN IMMEDIATE");
    let done = 0;
    const note = async () => {
      done += 1;
    };
    const settling = Promise.allSettled(Array.from({ length: maxWaitingWrites + 5 }, () => db.transaction([], note)));
    try {
      const refused = await api.send("PUT", "/api/tenants/late", {});
      expect([refused.status, (await refused.json()).code, refused.headers.has("retry-after")]).toEqual([
        503,
        "database_unavailable",
        true,
      ]);
      expect((await api.get("/api/entitlements?tenant=acme&feature=sso")).status).toBe(200);
      expect(done).toBe(0);
    } finally {
      other.exec("ROLLBACK");
      other.close();
    }
    const settled = await settling;
    const refusals = settled.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
    // The last ones, which came when the queue was full.
    expect(settled.slice(-5).map(({ status }) => status)).toEqual(Array(5).fill("rejected"));
    expect(refusals.filter((error) => !(error instanceof DatabaseUnavailable))).toEqual([]);
    expect(refusals.length).toBeLessThan(20);
    expect(done).toBe(settled.length - refusals.length);
    expect((await api.get("/api/tenants/late", api.keys.manage)).status).toBe(404);
  });

  test("answers what its writing thread was doing when it died with 503, keeps nothing of it, and goes on with another thread", async () => {
    const threads = new Set<Worker>();
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function (this: Worker, ...message: Parameters<typeof postMessage>) {
      threads.add(this);
      return postMessage.apply(this, message);
    };
    try {
      const { db } = api.services;
      let dead: Promise<unknown> | undefined;
      const killing = db.transaction([], async (tx) => {
        await tx.insert(db.tables.settings).values({ key: "half", value: 1 });
        dead = Promise.all([...threads].map((thread) => thread.terminate()));
        await tx.insert(db.tables.settings).values({ key: "other half", value: 1 });
      });
      const beside = api.send("PUT", "/api/tenants/beside", {});
      await expect(killing).rejects.toBeInstanceOf(DatabaseUnavailable);
      await dead;
      expect([201, 503]).toContain((await beside).status);
      const kept = (await db.read.select().from(db.tables.settings)).map(({ key }) => key);
      expect(kept.filter((key) => key.includes("half"))).toEqual([]);
      const next = await api.send("PUT", "/api/tenants/next", {});
      expect(next.status).toBe(201);
      expect(threads.size).toBeGreaterThan(1);
    } finally {
      Worker.prototype.postMessage = postMessage;
    }
  });

  test("answers reads that are quick while a slow one is under way", async () => {
    const { db } = api.services;
    const order: string[] = [];
    const slow = db.readAside
      .select({ n: sql`(with recursive c(x) as (select 1 union all select x + 1 from c where x < 1000000) select count(*) from c)` })
      .from(db.tables.settings)
      .limit(1)
      .then(() => order.push("slow"));
    const quick = Array.from({ length: 20 }, () =>
      db.readAside
        .select()
        .from(db.tables.plans)
        .then(() => order.push("quick")),
    );
    const check = api.get("/api/entitlements?tenant=acme&feature=sso").then(() => order.push("check"));
    await Promise.all([slow, check, ...quick]);
    expect(order.at(-1)).toBe("slow");
  });

  test("keeps the file beside the database small once nobody reads, however large it grew", async () => {
    const { db } = api.services;
    const reader = new Sqlite(fileOf(api), { readonly: true });
    reader.exec("BEGIN");
    reader.prepare("select count(*) from settings").get();
    const size = () => statSync(`${fileOf(api)}-wal`).size;
    const large = "x".repeat(200_000);
    for (let i = 0; size() <= 2 * maxIdleWalBytes; i++)
      await db.transaction([], async (tx) => void (await tx.insert(db.tables.settings).values({ key: `large${i}`, value: large })));
    reader.exec("COMMIT");
    reader.close();
    await until(
      async () => size() <= maxIdleWalBytes || undefined,
      30_000,
      () => `it still has ${size()} bytes`,
    );
    expect((await api.send("PUT", "/api/tenants/after", {})).status).toBe(201);
  });
});

test("kill -9 right after answers loses none of what was answered", async () => {
  const { url, remove } = await freshDatabaseUrl("sqlite");
  const services = await startServices("sqlite", { url });
  const { key } = await createKey(services, ada, { name: "writers", scopes: ["manage"], expiresAt: null });
  await services.stop();
  const server = await startKilledServer({ DATABASE_URL: url, LATCHKEY_RATE_LIMIT: "0" });
  try {
    const acknowledged: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const enough = acknowledged.length + 100;
      let killed: Promise<void> | undefined;
      const writers = Array.from({ length: 16 }, async (_, writer) => {
        for (let i = 0; !killed; i++) {
          const tenant = `r${round}-w${writer}-${i}`;
          const { status } = await server.ask(key, `/api/tenants/${tenant}`, { name: tenant });
          if (status === 201 || status === 200) acknowledged.push(tenant);
          if (acknowledged.length >= enough) killed ??= server.kill();
        }
      });
      await Promise.all(writers);
      await killed;
    }
    expect(server.kills()).toBe(rounds);
    const lost: string[] = [];
    for (const tenant of acknowledged) if ((await server.ask(key, `/api/tenants/${tenant}`)).status !== 200) lost.push(tenant);
    expect(lost).toEqual([]);
    expect(acknowledged.length).toBeGreaterThanOrEqual(rounds * 100);
  } finally {
    await server.stop();
    remove();
  }
});
