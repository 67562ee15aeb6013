import { rmSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Posthog } from "~/server/posthog/posthog.server";
import { readWaitingEvents } from "~db/store/waiting-events.server";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { adaSignsIn, addAda } from "../support/ada";
import { startTestApp, type TestApp, type TestAppOptions } from "../support/app";
import { temporaryFolder } from "../support/temporary-folder";

let fake: FakePosthog;
let folder: string;
const open: TestApp[] = [];

/** Processes beside each other, or one after another, on one database. */
async function start(options: TestAppOptions = {}): Promise<TestApp> {
  const env = {
    DATABASE_URL: `file:${path.join(folder, "latchkey.db")}`,
    POSTHOG_PROJECT_API_KEY: fake.state.projectKey,
    POSTHOG_HOST: fake.origin,
  };
  const app = await startTestApp({ ...options, env: { ...env, ...options.env } });
  open.push(app);
  return app;
}
async function stop(app: TestApp): Promise<void> {
  open.splice(open.indexOf(app), 1);
  await app.close();
}
const settle = ({ services }: TestApp) => (services.posthog as Posthog).tenantEvents.settle();
const told = () => fake.state.events.map(({ event, distinct_id }) => [event, distinct_id]);
const waiting = ({ services: { db } }: TestApp) => readWaitingEvents(db.read, db.tables, 100);

beforeEach(async () => {
  fake = await startFakePosthog();
  folder = temporaryFolder("sign-in");
});
afterEach(async () => {
  fake.state.mode.default = "ok";
  for (const app of open.splice(0)) await app.close();
  await fake.close();
  rmSync(folder, { recursive: true, force: true });
});

test("a sign-in while PostHog is away is told by the next process, once, in order, with its own time", async () => {
  const first = await start();
  const id = await addAda(first.services);
  fake.state.mode.default = "500";
  const browser = first.browser();
  await browser.get("/sign-in");
  const visitor = browser.cookies.get("visitor");
  expect((await browser.post("/sign-in", adaSignsIn, { "x-posthog-session-id": "s1" })).status).toBe(302);
  await settle(first);
  const at = new Date(first.clock.now).toISOString();
  expect(await waiting(first)).toHaveLength(2);
  await stop(first);

  fake.state.mode.default = "ok";
  const second = await start();
  second.clock.now += 3_600_000;
  await settle(second);
  await settle(second);
  expect(told()).toEqual([
    ["$create_alias", id],
    ["user_logged_in", id],
  ]);
  const [alias, login] = fake.state.events;
  expect(alias).toMatchObject({ timestamp: at, properties: { alias: visitor } });
  expect(login).toMatchObject({ timestamp: at, properties: { $session_id: "s1", $request_path: "/sign-in", $set: { name: "Ada" } } });
  expect(await waiting(second)).toEqual([]);
  expect(JSON.stringify(fake.state.events)).not.toContain(adaSignsIn.password);
});

test("it is sent without being asked for, by the running program", async () => {
  const app = await start();
  await addAda(app.services);
  await app.services.posthog?.start();
  await app.browser().post("/sign-in", adaSignsIn);
  await expect.poll(told, { timeout: 15_000 }).toContainEqual(["user_logged_in", expect.stringMatching(/^adm_/)]);
});

test("what PostHog took without our hearing of it is sent again under the same id", async () => {
  const app = await start();
  await addAda(app.services);
  await app.browser().post("/sign-in", adaSignsIn);
  fake.state.mode["/batch/"] = "hang";
  const sending = settle(app);
  await expect.poll(told, { timeout: 15_000 }).toHaveLength(1);
  await stop(app);
  await sending;
  fake.state.mode["/batch/"] = "ok";
  const next = await start();
  // The lease of a process that did not give it back.
  next.clock.now += 60_000;
  await settle(next);
  const ids = fake.state.events.map(({ uuid }) => uuid);
  expect(ids).toHaveLength(2);
  expect(new Set(ids).size).toBe(1);
  expect(await waiting(next)).toEqual([]);
});

test("two processes tell it once", async () => {
  const [first, second] = [await start(), await start()];
  await addAda(first.services);
  for (const app of [first, second, first]) expect((await app.browser().post("/sign-in", adaSignsIn)).status).toBe(302);
  await Promise.all([settle(first), settle(second)]);
  await settle(first);
  await settle(second);
  expect(told()).toHaveLength(3);
});

test("a sign-in that failed leaves no event, and the visitor's id is not given away", async () => {
  const app = await start();
  await addAda(app.services);
  const browser = app.browser();
  await browser.get("/sign-in");
  const visitor = browser.cookies.get("visitor");
  const { transaction } = app.services.db;
  Object.assign(app.services.db, { transaction: () => Promise.reject(new Error("disk on fire")) });
  expect((await browser.post("/sign-in", adaSignsIn)).status).toBe(500);
  Object.assign(app.services.db, { transaction });
  expect(await waiting(app)).toEqual([]);
  expect(browser.cookies.get("visitor")).toBe(visitor);
  expect((await browser.post("/sign-in", adaSignsIn)).status).toBe(302);
  expect((await waiting(app)).map(({ body }) => body.event)).toEqual(["$create_alias", "user_logged_in"]);
});

test("one that PostHog cannot read is left out with a line in the log, and those after it are told", async () => {
  const app = await start();
  await addAda(app.services);
  await app.browser().post("/sign-in", adaSignsIn);
  fake.state.mode["/batch/"] = "400";
  await settle(app);
  expect(app.log()).toContain("PostHog does not take these events; leaving them out");
  fake.state.mode["/batch/"] = "ok";
  await app.browser().post("/sign-in", adaSignsIn);
  await settle(app);
  expect(told()).toHaveLength(1);
});

test("nobody is kept from signing in by a tag that cannot be written", async () => {
  const app = await start({ posthogHooks: { extraTags: () => ({ big: 1n, region: "eu" }) } });
  const id = await addAda(app.services);
  expect((await app.browser().post("/sign-in", adaSignsIn)).status).toBe(302);
  await settle(app);
  expect(told()).toEqual([["user_logged_in", id]]);
  expect(fake.state.events[0]?.properties).toMatchObject({ region: "eu" });
  expect(fake.state.events[0]?.properties).not.toHaveProperty("big");
  expect(app.log()).toContain('"hook":"extraTags"');
});
