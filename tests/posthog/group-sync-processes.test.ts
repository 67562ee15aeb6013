import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { feature, plan } from "../support/facts";
import { type Gate, startGate } from "../support/gate";
import { type SyncWorld, settingsFor, startSync } from "../support/group-sync";
import { startSyncProcess } from "../support/group-sync-process";
import { until } from "../support/poll";
import { isLong } from "../support/scale";
import { engines } from "../support/services";
import { expectNothingOlderAfterNewer } from "../support/sync-order";

let fake: FakePosthog;
let gate: Gate;
let w: SyncWorld;

const nameOf = (key: string) => fake.state.groups.get("organization")?.get(key)?.properties.name;
const keys = Array.from({ length: isLong ? 1_000 : 200 }, (_, i) => `t${i}`);
const arrived = (name: string) => keys.filter((key) => nameOf(key) === `${key} ${name}`).length;

/** The store alone: nothing is sent by the process of the test. */
beforeEach(async () => {
  fake = await startFakePosthog();
  gate = await startGate(fake.origin);
});
afterEach(async () => {
  await w.stop();
  await gate.close();
  await fake.close();
});

describe.each(engines)("processes on one database, %s", (engine) => {
  test("killed with SIGKILL in the middle of sending, again and again, the next one brings the newest of all", async () => {
    w = await startSync(engine, fake, { settings: settingsFor(gate) });
    await w.catalogue([feature("sso")], [plan("pro", { sso: true })]);
    await w.tenants(keys, (key) => ({ name: `${key} 0` }));
    fake.state.mode["/batch/"] = "slow";
    fake.state.slowMs = 100;
    const kills = engine === "sqlite" ? 4 : 2;
    for (let kill = 1; kill <= kills; kill++) {
      const before = gate.state.sizes.length;
      const child = await startSyncProcess(w.url, gate.origin);
      // Under way: the request is there, its answer is not.
      await until(
        async () => (gate.state.sizes.length > before + 1 && gate.state.open > 0) || undefined,
        20_000,
        () => `nothing was sent:\n${child.output()}`,
      );
      await child.kill();
      await w.tenants(keys, (key) => ({ name: `${key} ${kill}` }));
    }
    fake.state.mode["/batch/"] = "ok";
    const last = await startSyncProcess(w.url, gate.origin);
    const from = performance.now();
    await until(
      async () => arrived(String(kills)) === keys.length || undefined,
      60_000,
      () => `only ${arrived(String(kills))} arrived:\n${last.output()}`,
    );
    expect(performance.now() - from).toBeLessThan(60_000);
    await last.kill();
    expectNothingOlderAfterNewer(fake);
    expect(gate.state.maxOpen).toBe(1);
  });

  test("of two processes only one sends at a time, each change once; when it is killed the other goes on", async () => {
    w = await startSync(engine, fake, { settings: settingsFor(gate) });
    const [one, two] = await Promise.all([startSyncProcess(w.url, gate.origin), startSyncProcess(w.url, gate.origin)]);
    const all = (name: string) =>
      until(
        async () => arrived(name) === keys.length || undefined,
        60_000,
        () => `only ${arrived(name)} arrived:\n${one.output()}${two.output()}`,
      );
    for (const name of ["a", "b"]) {
      await w.tenants(keys, (key) => ({ name: `${key} ${name}` }));
      await all(name);
    }
    expect(fake.state.events).toHaveLength(2 * keys.length);
    expect(gate.state.maxOpen).toBe(1);
    await one.kill();
    await w.tenants(keys, (key) => ({ name: `${key} d` }));
    await all("d");
    await two.kill("SIGTERM");
    expectNothingOlderAfterNewer(fake);
    expect(gate.state.maxOpen).toBe(1);
  });
});
