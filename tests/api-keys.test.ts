import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { day, minute } from "~/core/time";
import { createKey, listKeys, revokeKey } from "~/server/keys/api-keys.server";
import { createKeyRing } from "~/server/keys/key-cache.server";
import { createServices, stopServices } from "~/server/process/start.server";
import { listAudit } from "~db/store/audit.server";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { ada as operator } from "./support/facts";

let app: TestApp;
let owner: Browser;
beforeAll(async () => {
  app = await startTestApp();
  owner = await app.signIn("owner");
});
afterAll(() => app.close());

const ask = (headers: Record<string, string>) => fetch(`${app.url}/api/entitlements?tenant=acme`, { headers });
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const verdict = async (headers: Record<string, string>) => {
  const response = await ask(headers);
  const body = (await response.json()) as { code?: string };
  return [response.status, body.code];
};
const make = (form: Partial<Parameters<typeof createKey>[2]> = {}) =>
  createKey(app.services, operator, { name: "Test", scopes: ["check"], expiresAt: null, ...form });
const lastUsed = async (id: string) => (await listKeys(app.services)).find((key) => key.id === id)?.lastUsedAt;

describe("a key", () => {
  test("is taken as Bearer, in whatever case, and as X-API-Key alike", async () => {
    const { key } = await make();
    const ways: Record<string, string>[] = [
      bearer(key),
      { authorization: `bearer  ${key}` },
      { "x-api-key": key },
      { authorization: "Basic YTpi", "x-api-key": key },
    ];
    for (const headers of ways) expect((await ask(headers)).status).toBe(200);
  });

  test("that is missing, mistyped, unknown or of the wrong kind is refused with 401, its own code and what to do", async () => {
    const { key } = await make();
    const unknown = await make();
    const other = await startTestApp();
    const elsewhere = await other.apiKey("check");
    await other.close();
    expect(await verdict({})).toEqual([401, "key_missing"]);
    expect(await verdict({ authorization: "Basic YTpi" })).toEqual([401, "key_missing"]);
    expect(await verdict({ cookie: `sid=${owner.cookies.get("sid")}` })).toEqual([401, "key_missing"]);
    expect(await verdict(bearer(`${key.slice(0, -1)}_`))).toEqual([401, "key_malformed"]);
    expect(await verdict(bearer(unknown.key.slice(0, 20) + unknown.key.slice(21)))).toEqual([401, "key_malformed"]);
    expect(await verdict(bearer(elsewhere))).toEqual([401, "key_unknown"]);
    const { headers } = await ask({});
    expect(headers.get("www-authenticate")).toBe('Bearer realm="latchkey"');
    expect((await ask(bearer(elsewhere))).headers.get("www-authenticate")).toBe('Bearer realm="latchkey", error="invalid_token"');
  });

  test("without the scope is refused with 403 that names the scope", async () => {
    const { key } = await make({ scopes: ["manage"] });
    const response = await ask(bearer(key));
    expect([response.status, await response.json()]).toMatchObject([
      403,
      { code: "scope_missing", detail: expect.stringContaining('"check"') },
    ]);
    expect(response.headers.get("www-authenticate")).toContain('error="insufficient_scope", scope="check"');
  });

  test("is good until the millisecond before it expires", async () => {
    const end = app.clock.now + day;
    const { key } = await make({ expiresAt: end });
    app.clock.now = end - 1;
    expect((await ask(bearer(key))).status).toBe(200);
    app.clock.now = end;
    expect(await verdict(bearer(key))).toEqual([401, "key_expired"]);
  });

  test("is refused with the first call after it was revoked; revoking twice changes nothing more", async () => {
    const { id, key } = await make();
    expect((await ask(bearer(key))).status).toBe(200);
    expect(await revokeKey(app.services, operator, id)).toBe("revoked");
    expect(await verdict(bearer(key))).toEqual([401, "key_revoked"]);
    app.clock.now += minute;
    expect(await revokeKey(app.services, operator, id)).toBe("revoked");
    const { db } = app.services;
    const rows = await listAudit(db.read, db.tables, { subjectKind: "api_key", subject: id }, { size: 10 });
    expect(rows.map(({ action }) => action)).toEqual(["api_key.revoked", "api_key.created"]);
    expect(await revokeKey(app.services, operator, "key_none")).toBe("unknown");
  });

  test("made or revoked by another process is known with the very next call", async () => {
    const other = await createServices(app.services.env, { now: () => app.clock.now, log: app.services.log });
    const { id, key } = await createKey(other, operator, { name: "Elsewhere", scopes: ["check"], expiresAt: null });
    expect((await ask(bearer(key))).status).toBe(200);
    await revokeKey(other, operator, id);
    expect(await verdict(bearer(key))).toEqual([401, "key_revoked"]);
    await stopServices(other);
  });

  test("that was used shows when, written at most once a minute", async () => {
    const { id, key } = await make();
    const { keys } = app.services;
    expect(await lastUsed(id)).toBeNull();
    const start = app.clock.now;
    await ask(bearer(key));
    await keys.flush();
    expect(await lastUsed(id)).toBe(start);
    app.clock.now += minute - 1;
    await ask(bearer(key));
    await keys.flush();
    expect(await lastUsed(id)).toBe(start);
    app.clock.now += 1;
    await ask(bearer(key));
    await keys.flush();
    expect(await lastUsed(id)).toBe(start + minute);
  });
});

describe("the keys in memory", () => {
  test("answer any number of unknown keys without a query", async () => {
    const { db, log, keys } = app.services;
    let reads = 0;
    const counted = new Proxy(db, {
      get: (target, name) => {
        if (name === "read") reads += 1;
        return Reflect.get(target, name);
      },
    });
    const ring = createKeyRing(counted, log);
    await ring.start();
    for (let i = 0; i < 1_000; i++) expect(ring.verify(`lk_live_${i}`, app.clock.now)).toBe("malformed");
    const { key } = await make();
    expect(ring.verify(key, app.clock.now)).toBe("unknown");
    expect(ring.refresh()).toBeUndefined();
    expect(reads).toBe(1);
    expect(keys.verify(key, app.clock.now)).toMatchObject({ scopes: ["check"] });
  });

  test("stay in service while the database cannot be read, without the one that was just revoked", async () => {
    const [stays, goes] = [await make(), await make()];
    const { db, log } = app.services;
    let broken = false;
    const flaky = new Proxy(db, {
      get: (target, name) => {
        if (name === "read" && broken) throw new Error("disk I/O error");
        return Reflect.get(target, name);
      },
    });
    const ring = createKeyRing(flaky, log);
    await ring.start();
    broken = true;
    ring.forget(goes.id);
    await ring.refresh();
    expect(ring.verify(stays.key, app.clock.now)).toMatchObject({ id: stays.id });
    expect(ring.verify(goes.key, app.clock.now)).toBe("unknown");
  });

  test("are never behind a change that happened while they were being read", async () => {
    const { db, log } = app.services;
    const ring = createKeyRing(db, log);
    await ring.start();
    ring.forget();
    const reading = ring.refresh();
    const { key } = await make();
    ring.forget();
    await reading;
    await ring.refresh();
    expect(ring.verify(key, app.clock.now)).toMatchObject({ scopes: ["check"] });
  });
});

describe("the pages", () => {
  // The clock was moved by days, and the session from before with it.
  beforeAll(async () => {
    owner = await app.signIn("owner", "adm_second");
  });

  test("show a new key once, and it works", async () => {
    const made = await owner.post("/keys/new", { name: "Web app", scopes: "check", expires: "30" });
    const key = /lk_live_\w{36}/.exec(await made.text())?.[0] ?? "";
    expect((await ask(bearer(key))).status).toBe(200);
    const list = await (await owner.get("/keys")).text();
    expect(list).toContain(`${key.slice(0, 12)}…${key.slice(-4)}`);
    expect(list).not.toContain(key);
    const known = (await listKeys(app.services)).find(({ name }) => name === "Web app");
    expect(known).toMatchObject({ scopes: ["check"], createdBy: "The owner", expiresAt: app.clock.now + 30 * day });
  });

  test("refuse a key without a name or a scope, beside the field", async () => {
    const page = await owner.post("/keys/new", { name: " ", expires: "never" });
    const html = await page.text();
    expect(page.status).toBe(422);
    expect(html).toContain("Give the key a name");
    expect(html).toContain("Choose at least one thing that the key may do.");
  });

  test("make a key for browsers only with its tenant and its origins, and say which is missing beside the field", async () => {
    const form = { name: "Shop", kind: "pub", scopes: "check", expires: "never" };
    const bare = await owner.post("/keys/new", form);
    expect([bare.status, await bare.text()]).toEqual([
      422,
      expect.stringContaining("Name the tenant that a key for browsers may ask about."),
    ]);
    const homeless = await (await owner.post("/keys/new", { ...form, tenant: "acme" })).text();
    expect(homeless).toContain("Name the origins of the pages that will use it");
    const wrong = await (await owner.post("/keys/new", { ...form, tenant: "acme", origins: "https://a.example/path" })).text();
    expect(wrong).toContain("An origin is a scheme and a host");
    const mighty = await (
      await owner.post("/keys/new", { ...form, scopes: "manage", tenant: "acme", origins: "https://a.example" })
    ).text();
    expect(mighty).toContain("A key for browsers may only check");
    const made = await owner.post("/keys/new", { ...form, tenant: "acme", origins: "https://a.example https://b.example:8443" });
    const key = /lk_pub_\w{36}/.exec(await made.text())?.[0] ?? "";
    expect((await ask(bearer(key))).status).toBe(200);
    const known = (await listKeys(app.services)).find(({ name }) => name === "Shop");
    expect(known).toMatchObject({ kind: "pub", tenant: "acme", origins: ["https://a.example", "https://b.example:8443"] });
  });

  test("rotate a key: show the new one once, and say while the old one is still used", async () => {
    const { id, key } = await make({ name: "Rotating" });
    expect(await (await owner.get(`/keys/${id}/rotate`)).text()).toContain("Rotate “Rotating”");
    const page = await (await owner.post(`/keys/${id}/rotate`, { overlap: "24" })).text();
    expect(page.replace(/<!--.*?-->/g, "")).toContain("It works without an end.");
    const short = await make({ name: "Short", expiresAt: app.clock.now + 30 * day });
    const ending = await (await owner.post(`/keys/${short.id}/rotate`, { overlap: "1" })).text();
    const end = new Date(app.clock.now + 30 * day).toISOString();
    expect(ending.replace(/<!--.*?-->/g, "")).toMatch(new RegExp(`It works until[^]*dateTime="${end}"[^]*The old key works`, "i"));
    const next = /lk_live_\w{36}/.exec(page)?.[0] ?? "";
    for (const k of [key, next]) expect((await ask(bearer(k))).status).toBe(200);
    await app.services.keys.flush();
    expect(await (await owner.get("/keys")).text()).toContain("old key still used");
    expect((await owner.post(`/keys/${id}/rotate`, { overlap: "24" })).status).toBe(409);
    expect((await owner.post("/keys/key_none/rotate", { overlap: "24" })).status).toBe(404);
    app.clock.now += day;
    expect(await verdict(bearer(key))).toEqual([401, "key_expired"]);
    expect((await ask(bearer(next))).status).toBe(200);
    app.clock.now -= day;
  });

  test("ask before a key is revoked, and then revoke it", async () => {
    const { id, key } = await make({ name: "Old app" });
    expect(await (await owner.get(`/keys/${id}/revoke`)).text()).toContain("Revoke “Old app”?");
    expect((await ask(bearer(key))).status).toBe(200);
    const done = await owner.post(`/keys/${id}/revoke`);
    expect([done.status, done.headers.get("location")]).toEqual([302, "/keys"]);
    expect(await verdict(bearer(key))).toEqual([401, "key_revoked"]);
    expect((await owner.get("/keys/key_none/revoke")).status).toBe(404);
  });

  test("let a viewer look and no more", async () => {
    const viewer = await app.signIn("viewer");
    const html = await (await viewer.get("/keys")).text();
    expect(html).toContain("API keys");
    expect(html).not.toContain("/keys/new");
  });
});

test("no key is in the database or the log as it is", async () => {
  const { key } = await make();
  await ask(bearer(key));
  await ask(bearer(`${key}x`));
  const files = [app.databaseFile, `${app.databaseFile}-wal`].map((file) => readFileSync(file, "latin1")).join("");
  expect(files).toContain("api_key.created");
  expect(files).not.toMatch(/lk_live_\w{36}/);
  expect(app.log()).not.toMatch(/lk_live_\w{36}/);
});
