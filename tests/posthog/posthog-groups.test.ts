import { afterAll, beforeAll, expect, test } from "vitest";
import { day } from "~/core/time";
import { chooseMetadata } from "~/server/posthog/groups/metadata-choice.server";
import { type Api, ada, startApi } from "../support/api";
import { feature, now, plan } from "../support/facts";

let api: Api;
beforeAll(async () => {
  api = await startApi();
  await api.catalogue([feature("sso")], [plan("pro", {}, { name: "Pro", rank: 20 })]);
  await api.tenant("acme / 1", { name: "Acme", plan: "pro", metadata: { seats: 3, secret: "x" } });
});
afterAll(() => api.stop());

const path = (key: string) => `/api/tenants/${encodeURIComponent(key)}/posthog-groups`;

test("an app gets the groups and the group properties of a tenant as Latchkey knows it, as texts, without what it lacks and without a PostHog key here", async () => {
  const answer = await api.get(path("acme / 1"));
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({
    groups: { organization: "acme / 1" },
    groupProperties: {
      organization: {
        name: "Acme",
        tenant_key: "acme / 1",
        status: "active",
        has_plan: "true",
        plan: "pro",
        plan_name: "Pro",
        plan_rank: "20",
        has_add_ons: "false",
        has_trial: "false",
        created_at: new Date(now).toISOString(),
      },
    },
  });
  expect(answer.headers.get("cache-control")).toBe("private, max-age=30");
  const tag = answer.headers.get("etag") as string;
  expect((await api.get(path("acme / 1"), undefined, { "if-none-match": tag })).status).toBe(304);
});

test("an answer is kept no longer than to the next start or end of a trial", async () => {
  await api.tenant("umbrella", {});
  await api.trial("umbrella", "sso", now + day);
  const life = async () => (await api.get(path("umbrella"))).headers.get("cache-control");
  api.clock.now = now + day - 5_000;
  expect(await life()).toBe("private, max-age=5");
  api.clock.now = now + day - 1;
  expect(await life()).toBe("private, max-age=0");
  api.clock.now = now + day;
  expect(await life()).toBe("private, max-age=30");
  api.clock.now = now;
});

test("chosen metadata is in it, and nothing else of it", async () => {
  await chooseMetadata(api.services, ada, ["seats"]);
  const answer = await (await api.get(path("acme / 1"))).json();
  expect(answer.groupProperties.organization.metadata_seats).toBe("3");
  expect(JSON.stringify(answer)).not.toContain("secret");
});

test("who there is not, who may not ask, and what is no key is refused in words", async () => {
  const unknown = await api.get(path("nobody"));
  expect([unknown.status, (await unknown.json()).code]).toEqual([404, "tenant_not_found"]);
  expect((await api.get(path("acme / 1"), null)).status).toBe(401);
  expect((await api.get(path("acme / 1"), api.keys.manage)).status).toBe(403);
  expect((await api.get(path("x".repeat(201)))).status).toBe(400);
});
