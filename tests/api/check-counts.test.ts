import { afterEach, expect, test } from "vitest";
import { openDatabase } from "~db/open.server";
import { until } from "../support/poll";
import { type Program, startProgram } from "../support/program";
import { engines, freshDatabaseUrl } from "../support/services";
import { unlessOverloaded } from "../support/unless-overloaded";
import { install, tenants } from "../support/usage-flood";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

test.each(engines)("on %s checks are counted by themselves; SIGTERM keeps every count, SIGKILL those that were written", async (engine) => {
  const { url, remove } = await freshDatabaseUrl(engine);
  stops.push(remove);
  const headers = { authorization: `Bearer ${await install(url)}` };
  const db = await openDatabase(url);
  stops.push(() => db.close());
  let program: Program | undefined;
  stops.push(() => program?.kill());
  const start = async () => {
    program = await startProgram({ DATABASE_URL: url, LOG_LEVEL: "error" });
    return program;
  };

  const ask = (times: number, { url }: Program) =>
    Promise.all(
      Array.from({ length: times }, async (_, i) => {
        const answer = await unlessOverloaded(
          () => fetch(`${url}/api/entitlements?tenant=${tenants[i % tenants.length]}&feature=few`, { headers }),
          (refused) => refused.clone().text(),
        );
        expect(answer.status).toBe(200);
        await answer.text();
      }),
    );
  const counted = async () => (await db.read.select().from(db.tables.checkCounts)).reduce((sum, row) => sum + row.count, 0);
  const written = (count: number) =>
    until(
      async () => (await counted()) === count || undefined,
      20_000,
      () => `${count} checks were not counted`,
    );

  let now = await start();
  await ask(200, now);
  await written(200);
  await ask(50, now);
  expect(await now.stop()).toBe(0);
  expect(await counted()).toBe(250);
  // Nothing of it failed on the way, such as the thread that writes.
  expect(now.output()).not.toMatch(/"level":[56]0/);

  now = await start();
  await ask(70, now);
  await written(320);
  await ask(30, now);
  await now.kill();
  const left = await counted();
  expect(left).toBeGreaterThanOrEqual(320);
  expect(left).toBeLessThanOrEqual(350);

  now = await start();
  await ask(10, now);
  expect(await now.stop()).toBe(0);
  expect(now.output()).not.toMatch(/"level":[56]0/);
  expect(await counted()).toBe(left + 10);
});
