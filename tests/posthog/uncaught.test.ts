import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { freshDatabaseUrl } from "../support/services";

const child = fileURLToPath(new URL("../support/uncaught-child.ts", import.meta.url));
let fake: FakePosthog;

// A process that starts from the sources takes its time on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

beforeEach(async () => {
  fake = await startFakePosthog();
});
afterEach(() => fake.close());

/** Ends as a process does that meets an exception which nobody catches. Returns its exit code. */
async function die(autocapture: boolean, ...args: string[]): Promise<number | null> {
  const { url, remove } = await freshDatabaseUrl("sqlite");
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    NODE_ENV: "production",
    DATABASE_URL: url,
    LOG_LEVEL: "silent",
    POSTHOG_PROJECT_API_KEY: fake.state.projectKey,
    POSTHOG_HOST: fake.origin,
    POSTHOG_ENABLE_EXCEPTION_AUTOCAPTURE: String(autocapture),
  };
  const dying = spawn(process.execPath, ["--import", "tsx", child, ...args], { env, stdio: "ignore" });
  const [code] = await once(dying, "exit");
  remove();
  return code;
}
const captured = () => fake.state.events.filter(({ event }) => event === "$exception");

test("with autocapture an exception that nobody catches is captured, without its secrets, and ends the process as ever", async () => {
  expect(await die(true)).toBeGreaterThan(0);
  expect(captured()).toHaveLength(1);
  expect(JSON.stringify(captured())).toContain("nobody catches this, with lk_live_hidden");
});

test("one that was captured before is not captured once more", async () => {
  expect(await die(true, "capture")).toBeGreaterThan(0);
  expect(captured().map(({ properties }) => properties?.job)).toEqual(["a job"]);
});

test("without autocapture it is left alone", async () => {
  expect(await die(false)).toBeGreaterThan(0);
  expect(captured()).toEqual([]);
});
