import { PostHog } from "posthog-node";
import { expect, onTestFinished, test } from "vitest";
import { putTenant } from "~/core/decision/changes";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { ada } from "../../support/facts";
import { startGuide } from "../../support/guide";

// A tenant is a group. Latchkey tells PostHog its properties; an app's own events and flags carry it.
async function syncAll({ posthog }: Awaited<ReturnType<typeof startGuide>>) {
  await posthog.groupSync.prepare();
  while (await posthog.groupSync.step());
}

test("each tenant is a group with the properties that it has now", async () => {
  const app = await startGuide();

  await syncAll(app);
  expect(app.fake.state.group("acme")).toMatchObject({
    name: "Acme",
    tenant_key: "acme",
    plan: "basic",
    plan_name: "BASIC",
    status: "active",
  });

  await changeTenant(app.services, "acme", ada, (facts, catalogue, stamp) => putTenant(facts, "acme", { plan: "pro" }, catalogue, stamp));
  await syncAll(app);
  expect(app.fake.state.group("acme")).toMatchObject({ name: "Acme", plan: "pro", plan_name: "PRO" });
});

test("an app captures its own events, and asks its own flags, for the tenant as Latchkey knows it", async () => {
  const { fake, latchkey } = await startGuide();
  const posthog = new PostHog(fake.state.projectKey, { host: fake.origin, flushInterval: 0 });
  onTestFinished(() => posthog.shutdown(1_000));
  fake.state.setFlag({ key: "new-editor", properties: [{ key: "plan", value: ["basic"] }] });

  const { groups, groupProperties } = await latchkey.posthogGroups("acme");
  posthog.capture({ distinctId: "u1", event: "report_exported", groups });
  const flags = await posthog.evaluateFlags("u1", { groups, groupProperties, flagKeys: ["new-editor"] });
  await posthog.flush();

  expect(fake.state.events.find(({ event }) => event === "report_exported")).toMatchObject({
    distinct_id: "u1",
    properties: { $groups: { organization: "acme" } },
  });
  expect(flags.isEnabled("new-editor")).toBe(true);
});
