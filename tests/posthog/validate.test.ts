import { randomUUID } from "node:crypto";
import pino from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EnvProblem } from "~/server/env.server";
import { validateOnStartup } from "~/server/process/validate-posthog.server";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { now } from "../support/facts";
import { settingsFor } from "../support/group-sync";

let fake: FakePosthog;
let lines: string[];
beforeEach(async () => {
  lines = [];
  fake = await startFakePosthog();
});
afterEach(() => fake.close());

const log = pino({ level: "warn" }, { write: (line: string) => void lines.push(line) });
const validate = (variables: Record<string, string>) =>
  validateOnStartup(settingsFor(fake, variables), { now: () => now, uuid: randomUUID, log, timeout: 200 });
const on = { POSTHOG_VALIDATE_ON_STARTUP: "true" };

test("one event under the given name and id arrives, and the start goes on", async () => {
  await validate({ ...on, POSTHOG_VALIDATE_EVENT: "hello", POSTHOG_VALIDATE_DISTINCT_ID: "probe" });
  expect(fake.state.events).toMatchObject([{ event: "hello", distinct_id: "probe" }]);
});

test("nothing is sent unless it is asked for, and nothing without a key", async () => {
  await validate({});
  await validateOnStartup(null, { now: () => now, uuid: randomUUID, log });
  expect(fake.state.requests).toEqual({});
});

test.each([
  ["401", "refuses the project API key"],
  ["500", "answered 500"],
  ["hang", "no whole answer within 0.2 s"],
  ["garbage", "not PostHog"],
  ["refuse", "cannot be reached"],
] as const)("what PostHog does is said as POSTHOG_ERROR_MODE wants it: %s", async (mode, why) => {
  fake.state.mode.default = mode;
  await fake.ready();
  const raised = await validate({ ...on, POSTHOG_ERROR_MODE: "raise" }).catch((error) => error);
  expect(raised).toBeInstanceOf(EnvProblem);
  expect(raised.message).toContain(why);
  expect(raised.message).not.toContain("phc_");
  expect(lines).toEqual([]);
  await validate({ ...on, POSTHOG_ERROR_MODE: "log" });
  expect(lines.join()).toContain(why);
  lines.length = 0;
  await validate({ ...on, POSTHOG_ERROR_MODE: "ignore" });
  expect(lines).toEqual([]);
});
