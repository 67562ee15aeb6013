import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { setOverride } from "~/core/grants/grant-changes";
import type { TenantFacts } from "~/core/model";
import { day } from "~/core/time";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { type Api, ada, startApi } from "../support/api";
import { configFeature, now, plan } from "../support/facts";
import { engines } from "../support/services";

describe.each(engines)("grants on %s whose values a feature's new settings would not fit", (engine) => {
  let api: Api;
  beforeEach(async () => {
    api = await startApi(engine);
    await api.catalogue([configFeature("theme", { kind: "text", options: ["light", "dark"] }, { name: "Theme" })], [plan("starter")]);
    await api.tenant("acme", { plan: "starter" });
  });
  afterEach(() => api.stop());

  const iso = (at: number) => new Date(at).toISOString();
  const onlyLight = { type: "config", config: { kind: "text", options: ["light"] } };
  const put = (body: object = onlyLight) => api.send("PUT", "/api/features/theme", body);
  const value = async () => (await (await api.get("/api/entitlements?tenant=acme&feature=theme")).json()).entitlements.theme.value;
  const override = (value: string) =>
    changeTenant(api.services, "acme", ada, (f, c, stamp) =>
      setOverride(f as TenantFacts, { feature: "theme", effect: "allow", value }, c, stamp),
    );
  const file = (options: string, tenants = "") => `latchkey: 1
features:
  theme:
    config: { kind: text, options: ${options} }
plans:
  starter: { rank: 10, features: {} }
${tenants}`;
  const imported = (text: string, dry: boolean) =>
    api.send("POST", `/api/catalogue/import${dry ? "?dryRun=1" : ""}`, text, undefined, { "content-type": "application/yaml" });

  test("keep it from being changed until they are over", async () => {
    await api.trial("acme", "theme", now + 2 * day, "dark");
    const answer = await put();
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({
      code: "value_invalid",
      field: "config",
      detail: expect.stringContaining("the trial of acme (dark)"),
    });
    expect(await value()).toBe("dark");
    expect((await put({ type: "config", config: { kind: "json" } })).status).toBe(200);
    expect((await put({ type: "config", config: { kind: "text", options: ["dark", "light"] } })).status).toBe(200);
    api.clock.now = now + 2 * day - 1;
    expect((await put()).status).toBe(422);
    api.clock.now += 1;
    expect((await put()).status).toBe(200);
  });

  test("that are still to come keep it too, those that were ended or deny do not", async () => {
    const upcoming = { kind: "trial", feature: "theme", value: "dark", startsAt: iso(now + day), endsAt: iso(now + 3 * day) };
    const made = await (await api.send("POST", "/api/tenants/acme/grants", upcoming)).json();
    expect((await put()).status).toBe(422);
    expect((await api.send("POST", `/api/grants/${made.grants[0].id}/end`)).status).toBe(200);
    const denied = { kind: "override", feature: "theme", effect: "deny" };
    expect((await api.send("POST", "/api/tenants/acme/grants", denied)).status).toBe(201);
    expect((await put()).status).toBe(200);
  });

  test("are found by an import and its preview, with the line", async () => {
    await override("dark");
    for (const dry of [true, false]) {
      const answer = await imported(file("[light]"), dry);
      expect(answer.status).toBe(422);
      expect(JSON.stringify(await answer.json())).toMatch(/line 4.*the override of acme \(dark\)/);
    }
    expect((await imported(file("[light, dark, grey]"), false)).status).toBe(200);
    expect(await value()).toBe("dark");
  });
});
