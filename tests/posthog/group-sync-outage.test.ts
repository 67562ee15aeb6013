import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readSyncHealth } from "~/server/posthog/groups/sync-health.server";
import { readTenantSync } from "~db/store/group-syncs.server";
import type { Mode } from "../fake-posthog/modes";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { feature, plan } from "../support/facts";
import { startGate } from "../support/gate";
import { type SyncWorld, settingsFor, startSync } from "../support/group-sync";
import { expectNothingOlderAfterNewer } from "../support/sync-order";

const features = [feature("sso")];
const plans = [plan("starter", {}, { name: "Starter" }), plan("pro", { sso: true }, { name: "Pro", rank: 20 })];
const many = (n: number) => Array.from({ length: n }, (_, i) => `t${i}`);

let fake: FakePosthog;
let w: SyncWorld;

const nameOf = (key: string) => fake.state.groups.get("organization")?.get(key)?.properties.name;
const asks = () => fake.state.requests["/batch/"] ?? 0;

beforeEach(async () => {
  fake = await startFakePosthog();
});
afterEach(async () => {
  await w.stop();
  await fake.close();
});

const modes: [Mode, RegExp][] = [
  ["refuse", /cannot be reached at http:\/\/127\.0\.0\.1:\d+ \(/],
  ["hang", /no whole answer within 0\.25 s/],
  ["silent", /no whole answer within 0\.25 s/],
  ["trickle", /no whole answer within 0\.25 s/],
  ["500", /answered 500/],
  ["503", /answered 503/],
  ["garbage", /not PostHog/],
  ["401", /refuses the project API key/],
  ["402", /quota is used up/],
  ["429", /fewer requests/],
  ["413", /too large/],
];

const neverAnswers = new Set<Mode>(["hang", "silent", "trickle"]);

describe.each(modes)("while PostHog does this: %s", (mode, why) => {
  test("1,000 changes wait, their page says why, and a minute after it is back the newest of each has arrived, none older after newer", async () => {
    // Short only where no answer comes: on a busy machine a real answer may take longer.
    w = await startSync("sqlite", fake, neverAnswers.has(mode) ? { requestTimeout: 250 } : {});
    await w.catalogue(features, plans);
    const keys = many(1_000);
    await w.tenants(keys, (key) => ({ name: `${key} first`, plan: "starter" }));
    await w.settle();
    const asked = asks();

    fake.state.mode.default = mode;
    await fake.ready();
    for (const round of ["second", "third"]) {
      await w.tenants(keys, (key) => ({ name: `${key} ${round}` }));
      for (let s = 0; s < 150; s += 5) {
        await w.settle();
        w.clock.now += 5_000;
      }
    }
    // Five minutes away: what is asked meanwhile stays little, so that it can come back.
    if (mode !== "413") expect(asks() - asked).toBeLessThan(80);
    const { waiting } = await readTenantSync(w.db.read, w.db.tables, "t0");
    const health = await readSyncHealth(w.db.read, w.db.tables);
    expect(health.lastError?.why).toMatch(why);
    expect(health.down?.failures).toBeGreaterThan(5);
    expect(health.down?.nextTryAt).toBeLessThanOrEqual(w.clock.now + 31_000);
    expect(waiting).not.toBeNull();
    expect(JSON.stringify(health)).not.toContain("phc_");

    fake.state.mode.default = "ok";
    await fake.ready();
    const seconds = await w.passUntil(() => keys.every((key) => nameOf(key) === `${key} third`), 60);
    expect(seconds).toBeLessThanOrEqual(32);
    await w.settle();
    expectNothingOlderAfterNewer(fake);
    expect(await w.db.read.select().from(w.db.tables.outbox)).toEqual([]);
    expect((await readSyncHealth(w.db.read, w.db.tables)).down).toBeNull();
  });
});

test("what PostHog took without our hearing of it is sent again under the same id", async () => {
  w = await startSync("sqlite", fake, { requestTimeout: 100 });
  await w.tenant("acme", { name: "Acme" });
  fake.state.mode.default = "hang";
  await w.settle();
  fake.state.mode.default = "ok";
  await w.passUntil(() => fake.state.events.length > 1, 60);
  const [first, second] = fake.state.events;
  expect(first?.uuid).toBe(second?.uuid);
});

test("back and forth between two names is two different events", async () => {
  w = await startSync("sqlite", fake);
  for (const name of ["One", "Two", "One"]) {
    await w.tenant("acme", { name });
    w.clock.now += 1;
    await w.settle();
  }
  expect(new Set(fake.state.events.map((e) => e.uuid)).size).toBe(3);
});

test("of a batch that is too large only the tenants at fault wait, each with its reason, while everybody else goes on", async () => {
  const isHuge = (key: unknown) => key === "t3" || key === "t77";
  const gate = await startGate(fake.origin, (batch) =>
    batch.length > 30 || batch.some((e) => isHuge(e.properties?.$group_key)) ? 413 : undefined,
  );
  try {
    w = await startSync("sqlite", fake, { settings: settingsFor(gate) });
    await w.tenants(many(100), (key) => ({ name: key }));
    await w.settle();
    expect(many(100).filter((key) => nameOf(key) === undefined)).toEqual(["t3", "t77"]);
    const { waiting, sent } = await readTenantSync(w.db.read, w.db.tables, "t77");
    expect(waiting).toMatchObject({ attempts: 1, lastError: "PostHog says that this is too large (413)." });
    expect(sent).toBeNull();
    expect((await readSyncHealth(w.db.read, w.db.tables)).down).toBeNull();
    await w.tenant("t5", { name: "newer" });
    await w.settle();
    expect(nameOf("t5")).toBe("newer");
    // The tenants at fault are tried again for ever, at most five minutes apart.
    const before = gate.state.sizes.length;
    for (let s = 0; s < 3_600; s += 5) {
      await w.settle();
      w.clock.now += 5_000;
    }
    expect(gate.state.sizes.length - before).toBeGreaterThan(12);
    expect(gate.state.sizes.length - before).toBeLessThan(200);
  } finally {
    await gate.close();
  }
});

test("a change made while an older state of the same tenant is under way is sent after it", async () => {
  let changed = false;
  const gate = await startGate(fake.origin, () => {
    if (!changed) {
      changed = true;
      void w.tenant("acme", { name: "Newer" });
    }
    return undefined;
  });
  try {
    w = await startSync("sqlite", fake, { settings: settingsFor(gate) });
    await w.tenant("acme", { name: "Older" });
    await w.passUntil(() => nameOf("acme") === "Newer", 5);
    expect(fake.state.events.map((e) => e.properties?.$group_set)).toEqual([
      expect.objectContaining({ name: "Older" }),
      expect.objectContaining({ name: "Newer" }),
    ]);
    await w.settle();
    expect(await w.db.read.select().from(w.db.tables.outbox)).toEqual([]);
  } finally {
    await gate.close();
  }
});
