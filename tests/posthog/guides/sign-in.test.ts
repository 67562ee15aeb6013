import { expect, test } from "vitest";
import { adaSignsIn, addAda } from "../../support/ada";
import { startGuide } from "../../support/guide";

// Sign-in identifies the admin, with the group of the tenant whose page they opened.
test("user_logged_in names the admin and carries the tenant's group, and nothing of the password", async () => {
  const app = await startGuide();
  const ada = await addAda(app.services);

  const answer = await app.browser().post("/sign-in", { ...adaSignsIn, returnTo: "/tenants/acme" }, { "x-posthog-session-id": "s1" });

  expect([answer.status, answer.headers.get("location")]).toEqual([302, "/tenants/acme"]);
  const [event, ...more] = await app.captured("user_logged_in");
  expect(more).toEqual([]);
  expect(event).toMatchObject({
    distinct_id: ada,
    properties: {
      $groups: { organization: "acme" },
      $set: { email: "ada@example.com", name: "Ada", role: "owner" },
      $session_id: "s1",
      $request_path: "/sign-in",
    },
  });
  expect(JSON.stringify(await app.captured())).not.toContain(adaSignsIn.password);
});

test("posthog.config.ts may name another group", async () => {
  const app = await startGuide({ posthogHooks: { groupOfAdmin: ({ email }) => email.split("@")[1] } });
  await addAda(app.services);

  await app.browser().post("/sign-in", adaSignsIn);

  expect((await app.captured("user_logged_in"))[0]?.properties?.$groups).toEqual({ organization: "example.com" });
});

// The anonymous visitor becomes the admin. PostHog merges the alias into the distinct id, and refuses the other
// direction.
test("a visitor who signs in was this admin all along: alias first, then the sign-in, once", async () => {
  const app = await startGuide();
  const ada = await addAda(app.services);
  const browser = app.browser();

  await browser.get("/sign-in");
  const visitor = browser.cookies.get("visitor");
  expect(visitor).toMatch(/^[0-9a-f-]{36}$/);
  await browser.post("/sign-in", adaSignsIn);

  const events = await app.captured();
  expect(events.map(({ event }) => event)).toEqual(["$create_alias", "user_logged_in"]);
  expect(events[0]).toMatchObject({ distinct_id: ada, properties: { distinct_id: ada, alias: visitor } });
  expect(browser.cookies.has("visitor")).toBe(false);

  await browser.post("/sign-out");
  await browser.post("/sign-in", adaSignsIn);
  expect(await app.captured("$create_alias")).toHaveLength(1);
});
