import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TenantChange } from "~/core/decision/changes";
import { paths } from "~/paths";
import { findLookAlikes } from "~/server/catalogue/look-alikes.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { refoldSearchTexts } from "~db/store/search-texts.server";
import { searchTenantKeys } from "~db/store/tenant-search.server";
import { type Api, ada, startApi } from "./support/api";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { feature, now, plan } from "./support/facts";
import { engines } from "./support/services";

const zeroWidth = "a\u200bcme";
const decomposed = "Cafe\u0301";
const spaced = "acme ";
const bad = [zeroWidth, decomposed, spaced, "a\u00adcme", "\ufeffacme", "a\u202ecme"];
const asJson = async (answer: Response) => {
  const { code, field } = await answer.json();
  return [answer.status, code, field];
};

/** A tenant from before new keys had a rule. */
async function putOld({ services }: Pick<Api, "services">, key: string, name: string): Promise<void> {
  const set = { name, status: "active" as const, plan: null, addOns: [], metadata: {}, createdAt: now };
  const change: TenantChange = { action: "tenant.created", key, set, grants: [], at: now, why: null };
  await changeTenant(services, key, ada, () => ({ ok: true, change }));
}

describe.each(engines)("on %s", (engine) => {
  let api: Api;
  beforeAll(async () => {
    api = await startApi(engine);
    await api.catalogue([feature("sso")], [plan("starter", { sso: true })]);
    for (const key of bad) await putOld(api, key, `Old ${decomposed}`);
  });
  afterAll(() => api.stop());
  const put = (path: string, body: object) => api.send("PUT", path, body);

  test("no program makes a tenant whose key looks like another, nor a name of anything that does", async () => {
    for (const key of bad) {
      const path = `/api/tenants/${encodeURIComponent(`x${key}`.replace("x\ufeff", "\ufeffx"))}`;
      expect([key, await asJson(await put(path, {}))]).toEqual([key, [422, "value_invalid", "key"]]);
    }
    for (const path of ["/api/tenants/new", "/api/plans/new", "/api/features/new"])
      for (const name of [zeroWidth, decomposed])
        expect([path, await asJson(await put(path, { name }))]).toEqual([path, [422, "value_invalid", "name"]]);
    expect(await asJson(await put("/api/features/sso", { group: zeroWidth }))).toEqual([422, "value_invalid", "group"]);
    const file = `latchkey: 1\nfeatures: { sso: "${decomposed}" }\nplans: { starter: { name: "a " } }\ntenants: { "${zeroWidth}x": {} }\n`;
    const imported = await api.send("POST", "/api/catalogue/import?dryRun=1", file, api.keys.manage, {
      "content-type": "application/yaml",
    });
    expect([imported.status, (await imported.json()).errors.map((e: { field: string }) => e.field)]).toEqual([422, ["line 2", "line 3"]]);
    const tenants = `latchkey: 1\ntenants:\n  "${zeroWidth}x": {}\n`;
    const alone = await api.send("POST", "/api/catalogue/import", tenants, api.keys.manage, { "content-type": "application/yaml" });
    expect(await asJson(alone)).toEqual([422, "invalid_catalogue", "line 3"]);
  });

  test("what exists goes on working with the key and name that it has, and comes back from its own export", async () => {
    for (const key of bad) {
      const path = `/api/tenants/${encodeURIComponent(key)}`;
      expect((await put(path, { plan: "starter", name: `Old ${decomposed}` })).status).toBe(200);
      const check = await api.get(`/api/entitlements?tenant=${encodeURIComponent(key)}&feature=sso`);
      expect(await check.json()).toMatchObject({ entitlements: { sso: { entitled: true } } });
      expect(await asJson(await put(path, { name: `New ${decomposed}` }))).toEqual([422, "value_invalid", "name"]);
    }
    const exported = await (await api.get("/api/catalogue?tenants=1", api.keys.manage)).text();
    const back = await api.send("POST", "/api/catalogue/import", exported, api.keys.manage, { "content-type": "application/yaml" });
    expect([back.status, (await back.json()).changed]).toEqual([200, false]);
  });

  test("they are listed with the reason", async () => {
    await api.tenant("fine", { name: "Café" });
    const found: unknown[] = [];
    for await (const { kind, key, why } of findLookAlikes(api.services)) found.push([kind, key, why.split(" ")[0]]);
    expect(found).toEqual([...bad].sort((a, b) => (Buffer.from(a) < Buffer.from(b) ? -1 : 1)).map((key) => ["tenant", key, "key"]));
  });

  test("search finds them however they are typed, also those written before search folded accents", async () => {
    const search = async (text: string) =>
      (await (await api.get(`/api/tenants?search=${encodeURIComponent(text)}`, api.keys.manage)).json()).items.length;
    const { db } = api.services;
    await refoldSearchTexts(db);
    for (const typed of ["old café", "OLD CAFE", `old ${decomposed.toLowerCase()}`])
      expect([typed, await search(typed)]).toEqual([typed, bad.length]);
    expect(await search("acme")).toBe(bad.length - 1);

    await db.transaction([], async (tx) => {
      await tx.update(db.tables.tenants).set({ searchText: "of a former version" });
      await tx.delete(db.tables.tenantSearch);
      await tx.delete(db.tables.settings);
    });
    const found = async () => (await searchTenantKeys(db.readAside, db.tables, ["cafe"], 100)).length;
    expect([await search("cafe"), await found()]).toEqual([0, 0]);
    await refoldSearchTexts(db);
    expect([await search("cafe"), await found()]).toEqual([bad.length + 1, bad.length + 1]);
  });
});

describe("a form", () => {
  let app: TestApp;
  let owner: Browser;
  beforeAll(async () => {
    app = await startTestApp();
    owner = await app.signIn("owner");
  });
  afterAll(() => app.close());

  test.each([
    ["a tenant", () => paths.tenantNew(), { key: zeroWidth }],
    ["a tenant's name", () => paths.tenantNew(), { key: "x", name: decomposed }],
    ["a plan", () => paths.planNew(), { key: "x", name: decomposed, kind: "base" }],
    ["a feature", () => paths.featureNew(), { key: "x", name: zeroWidth, type: "boolean" }],
    ["an API key", () => paths.keyNew(), { name: zeroWidth, scopes: "check", expires: "never" }],
    ["an admin", () => paths.adminInvite(), { name: zeroWidth, email: "a@example.com", role: "viewer" }],
  ] as [string, () => string, Record<string, string>][])("refuses %s beside its field", async (_what, path, form) => {
    const answer = await owner.post(path(), form);
    expect([answer.status, await answer.text()]).toEqual([422, expect.stringMatching(/The (key|name) holds /)]);
  });
});
