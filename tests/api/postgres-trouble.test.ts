import { sql } from "drizzle-orm";
import { afterEach, expect, test } from "vitest";
import { type Api, startApi } from "../support/api";
import { feature, plan } from "../support/facts";
import { until } from "../support/poll";

let api: Api;
afterEach(() => api.stop());

async function fill() {
  await api.catalogue([feature("sso")], [plan("pro", { sso: true })]);
  await api.tenant("acme", { plan: "pro" });
  await api.tenant("cold", { plan: "pro" });
}

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
