import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLatchkey } from "../../../client/index";
import { startFakePosthog } from "../../fake-posthog/start";
import { adaSignsIn, addAda } from "../../support/ada";
import { startTestApp } from "../../support/app";
import { failing, seen } from "../../support/captured-pages";
import { importText } from "../../support/import-text";

// Without a key, or switched off, all of it is quiet and everything else is as ever.

/** Where anything in this process connected to, the test's own requests included. */
let connected: string[];
const note = (message: unknown) => connected.push((message as { connectParams: { host: string } }).connectParams.host);
beforeEach(() => {
  connected = [];
  subscribe("undici:client:beforeConnect", note);
});
afterEach(() => void unsubscribe("undici:client:beforeConnect", note));

test.each([
  ["without a key", {}],
  ["with keys and switched off", { POSTHOG_PROJECT_API_KEY: "phc_x", POSTHOG_SECRET_KEY: "phx_x", POSTHOG_ENABLED: "false" }],
])("%s nothing is sent to anybody, no line of the log is about it, and everything works", async (_name, keys) => {
  const fake = await startFakePosthog();
  const env = { POSTHOG_HOST: fake.origin, POSTHOG_JS_ENABLED: "true", POSTHOG_VALIDATE_ON_STARTUP: "true", ...keys };
  const app = await startTestApp({ env, pages: { seen, failing } });
  try {
    expect(app.services.posthog).toBeNull();
    await addAda(app.services);
    await importText(
      app.services,
      `{ latchkey: 1, features: { sso: { flag: { key: sso, rule: both } } }, plans: { pro: { features: [sso] } }, tenants: { acme: { plan: pro } } }`,
    );

    const browser = app.browser();
    expect((await browser.get("/sign-in")).headers.getSetCookie()).toEqual([]);
    const tracing = { "x-posthog-session-id": "s1", "x-posthog-distinct-id": "u1" };
    const signIn = await browser.post("/sign-in", adaSignsIn, tracing);
    expect([signIn.status, signIn.headers.getSetCookie().map((cookie) => cookie.split("=")[0])]).toEqual([302, ["sid", "device"]]);
    for (const path of ["/tenants/acme", "/posthog", "/flags", "/account", "/seen"])
      expect([path, (await browser.get(path)).status]).toEqual([path, 200]);
    expect((await browser.get("/failing", tracing)).status).toBe(500);

    const latchkey = createLatchkey({ url: app.url, key: await app.apiKey("check") });
    expect(await latchkey.decide("acme", "sso")).toMatchObject({
      entitled: true,
      source: "plan",
      sources: [{}, { source: "flag", state: "not_asked" }],
    });
    expect(await latchkey.posthogGroups("acme")).toMatchObject({ groups: { organization: "acme" } });
  } finally {
    await app.close();
    await fake.close();
  }
  expect(fake.state.requests).toEqual({});
  expect(new Set(connected)).toEqual(new Set([new URL(app.url).host]));
  const lines = app.log().split("\n");
  const ofItself = lines.filter((line) => !line.includes('"msg":"answered"')); // those name routes, one of them posthog-groups
  expect(ofItself.join("\n")).not.toMatch(/posthog/i);
});
