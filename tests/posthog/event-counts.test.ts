import { afterEach, beforeEach, expect, test } from "vitest";
import { putTenant } from "~/core/decision/changes";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { type Browser, startTestApp, type TestApp } from "../support/app";
import { ada } from "../support/group-sync";
import { textOf } from "../support/page-text";
import { until } from "../support/poll";

let fake: FakePosthog;
let app: TestApp;
let admin: Browser;

const query = "/api/projects/1/query/";
const asked = () => fake.state.requests[query] ?? 0;

async function start(env: Record<string, string> = {}) {
  const key = { POSTHOG_PROJECT_API_KEY: fake.state.projectKey, POSTHOG_HOST: fake.origin };
  app = await startTestApp({ env: { ...key, POSTHOG_SECRET_KEY: fake.state.secretKey, POSTHOG_PROJECT_ID: "1", ...env } });
  admin = await app.signIn("admin");
  for (const name of ["acme", "it's {a} `%s`"])
    await changeTenant(app.services, name, ada, (facts, c, stamp) => putTenant(facts, name, { name }, c, stamp));
}

const received = (tenant: string, event: string, timestamp: string) =>
  fake.state.events.push({ event, distinct_id: "u", timestamp, properties: { $groups: { organization: tenant } } });

async function usageOf(tenant: string, query = "") {
  const answer = await admin.get(`/tenants/${encodeURIComponent(tenant)}/usage${query}`);
  expect(answer.status).toBe(200);
  return textOf(answer);
}

beforeEach(async () => {
  fake = await startFakePosthog();
});
afterEach(async () => {
  await app.close();
  await fake.close();
});

test("PostHog's counts of a tenant's events are shown as PostHog's, for the range of the page, and requested once", async () => {
  await start();
  const at = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
  for (const days of [1, 2, 40]) received("acme", "report_opened", at(days));
  received("acme", "signed_in", at(3));
  received("other", "secret_event", at(1));
  const page = await usageOf("acme");
  expect(page).toMatch(
    /Events in PostHog Counted by PostHog, not by Latchkey: events of the group “organization: acme” in the last 30 days/,
  );
  expect(page).toMatch(/report_opened 2 .* signed_in 1 /);
  expect(page).not.toContain("secret_event");
  await usageOf("acme");
  expect(asked()).toBe(1);
  expect(await usageOf("acme", "?days=90")).toMatch(/report_opened 3 /);
});

test("a tenant's key of any form reaches PostHog as a value, never as a part of the query", async () => {
  await start();
  const tenant = "it's {a} `%s`";
  received(tenant, "report_opened", new Date().toISOString());
  expect(await usageOf(tenant)).toMatch(/report_opened 1 /);
});

test("the page does not wait while PostHog is silent, and shows the counts once they are there", async () => {
  await start();
  received("acme", "report_opened", new Date().toISOString());
  fake.state.mode[query] = "slow";
  fake.state.slowMs = 2_000;
  expect(await usageOf("acme")).toContain("Waiting for PostHog's answer");
  const counts = async () => /report_opened 1 /.test(await usageOf("acme")) || undefined;
  await until(counts, 10_000, () => "the counts never came");
  expect(asked()).toBe(1);
});

test("what PostHog refuses is a sentence that says what to do, and is not requested again at once", async () => {
  await start();
  fake.state.mode[query] = "403";
  for (let n = 0; n < 3; n++) expect(await usageOf("acme")).toContain("It needs the scope query:read for this project.");
  expect(asked()).toBe(1);
  fake.state.mode[query] = "garbage";
  expect(await usageOf("acme", "?days=7")).toContain("Something that is not PostHog answered.");
});

test("after five failures nothing is requested for a while, whatever the tenant", async () => {
  await start();
  fake.state.mode[query] = "500";
  for (const days of [1, 7, 14, 30, 90, 7, 30]) await usageOf("acme", `?days=${days}`);
  for (const days of [1, 7, 30, 90]) await usageOf("it's {a} `%s`", `?days=${days}`);
  expect(asked()).toBe(5);
});

test("without a secret key nothing is requested or shown, and without a project the page says what is missing", async () => {
  await start({ POSTHOG_SECRET_KEY: "" });
  expect(await usageOf("acme")).not.toContain("Events in PostHog");
  await app.close();
  await start({ POSTHOG_PROJECT_ID: "" });
  expect(await usageOf("acme")).toContain("Set POSTHOG_PROJECT_ID to the project's number");
  expect(asked()).toBe(0);
});
