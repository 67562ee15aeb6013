import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { putTenant, type TenantForm } from "~/core/decision/changes";
import { changeTenant } from "~/server/changes/tenant-change.server";
import type { Posthog } from "~/server/posthog/posthog.server";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { type Browser, startTestApp, type TestApp } from "../support/app";
import { ada } from "../support/group-sync";
import { fieldIn, textOf } from "../support/page-text";

let fake: FakePosthog;
let app: TestApp;
let admin: Browser;

const put = (key: string, form: TenantForm) =>
  changeTenant(app.services, key, ada, (facts, c, stamp) => putTenant(facts, key, form, c, stamp));
const posthog = () => app.services.posthog as Posthog;
const settle = async () => {
  while (await posthog().groupSync.step());
};
const read = async (path: string, browser = admin) => {
  const answer = await browser.get(path);
  expect(answer.status).toBe(200);
  return textOf(answer);
};
const start = async (env: Record<string, string> = {}) => {
  app = await startTestApp({ env: { POSTHOG_PROJECT_API_KEY: fake.state.projectKey, POSTHOG_HOST: fake.origin, ...env } });
  await posthog().groupSync.prepare();
  admin = await app.signIn("admin");
};

beforeEach(async () => {
  fake = await startFakePosthog();
});
afterEach(async () => {
  await app.close();
  await fake.close();
});

test("without a key the menu has no PostHog, and its page says how to switch it on", async () => {
  app = await startTestApp();
  admin = await app.signIn("admin");
  await put("acme", { name: "Acme" });
  expect(await (await admin.get("/tenants")).text()).not.toContain('href="/posthog"');
  expect(await read("/posthog")).toContain("POSTHOG_PROJECT_API_KEY=phc_…");
  expect((await admin.get("/posthog/drift")).headers.get("location")).toBe("/posthog");
  expect((await admin.get("/tenants/acme/posthog")).headers.get("location")).toBe("/posthog");
  expect(await (await admin.get("/tenants/acme")).text()).not.toContain("/tenants/acme/posthog");
});

describe("the page of group sync", () => {
  test("counts who is in sync, pending and failing, with the last error and the next try, and shows no key", async () => {
    await start();
    await put("acme", { name: "Acme" });
    await settle();
    expect(await read("/posthog")).toMatch(/In sync 1 of 1 .*Pending 0 .*Failing 0 .*Last sent just now/);
    await put("acme", { name: "Acme Inc" });
    await put("umbrella", { name: "Umbrella" });
    fake.state.mode.default = "500";
    await settle();
    await put("initech", { name: "Initech" });
    const page = await read("/posthog");
    expect(page).toMatch(/In sync 0 of 3 .*Pending 1 .*Failing 2/);
    expect(page).toContain("Nothing gets through to PostHog PostHog answered 500.");
    expect(page).toMatch(/Waiting .*(Acme Inc|Umbrella) .*Failing .*PostHog answered 500/);
    expect(page).not.toContain("phc_");
    fake.state.mode.default = "ok";
    app.clock.now += 60_000;
    await settle();
    const after = await read("/posthog");
    expect(after).toMatch(/In sync 3 of 3 .*Nothing waits/);
    expect(after).toMatch(/Last error PostHog answered 500\. 1 minute ago/);
    expect(after).toContain("State Connected");
  });

  test("a resync of all shows how far it is, to everybody and after a reload, also without script", async () => {
    await start();
    for (const key of ["a", "b", "c"]) await put(key, { name: key });
    await settle();
    app.clock.now += 1;
    const answer = await admin.post("/posthog?index", { what: "all" });
    expect(answer.headers.get("location")).toBe("/posthog");
    const html = await (await admin.get("/posthog")).text();
    expect(html).toMatch(/<progress[^>]*value="0"[^>]*max="3"/);
    expect(html).toMatch(/<noscript><meta http-equiv="refresh" content="2"\/?><\/noscript>/);
    expect(html).toContain("Resync that The admin started");
    expect(await (await (await app.signIn("viewer")).get("/posthog")).text()).toMatch(/<progress[^>]*max="3"/);
    await app.services.jobs.runAll();
    expect(await (await admin.get("/posthog")).text()).toMatch(/<progress[^>]*value="0"[^>]*max="3"/);
    await settle();
    const done = await (await admin.get("/posthog")).text();
    expect(done).not.toContain("<progress");
    expect(done).not.toContain('http-equiv="refresh"');
    expect(fake.state.events.filter((e) => e.event === "$groupidentify")).toHaveLength(6);
  });

  test("chosen tenants are sent again at once, one or several; none chosen is refused in words", async () => {
    await start();
    for (const key of ["a", "b", "c"]) await put(key, { name: key });
    await settle();
    await admin.post("/posthog?index", { what: "chosen", tenant: "b" });
    await settle();
    expect(fake.state.events.slice(3).map((e) => e.properties?.$group_key)).toEqual(["b"]);
    await admin.post("/posthog?index", [
      ["what", "chosen"],
      ["tenant", "a"],
      ["tenant", "c"],
    ]);
    await settle();
    expect(fake.state.events.slice(4).map((e) => e.properties?.$group_key)).toEqual(["a", "c"]);
    const refused = await admin.post("/posthog?index", { what: "chosen" });
    expect(refused.status).toBe(422);
    expect(await textOf(refused)).toContain("Choose at least one tenant.");
    expect((await admin.post("/posthog?index", { what: "nonsense" })).status).toBe(422);
  });

  test("tenants whose keys were typed are sent again; one that does not exist is named, and what was typed stays", async () => {
    await start();
    for (const key of ["a", "b", "c, with a comma"]) await put(key, { name: key });
    await settle();
    const refused = await admin.post("/posthog?index", { what: "named", keys: "a\r\nnobody\r\n" });
    expect(refused.status).toBe(422);
    const html = await refused.text();
    expect(html).toContain("There is no tenant nobody. Correct it, or take it out; nothing was sent yet.");
    expect(fieldIn(html, "keys")?.trim()).toMatch(/^a\r?\nnobody$/);
    expect(await textOf(await admin.post("/posthog?index", { what: "named", keys: " \n" }))).toContain("Name at least one tenant.");
    await settle();
    expect(fake.state.events).toHaveLength(3);
    await admin.post("/posthog?index", { what: "named", keys: "a\r\nc, with a comma\r\na" });
    await settle();
    expect(fake.state.events.slice(3).map((e) => e.properties?.$group_key)).toEqual(["a", "c, with a comma"]);
  });

  test("a viewer sees it all and has no button", async () => {
    await start();
    await put("acme", {});
    const viewer = await app.signIn("viewer");
    const page = await read("/posthog", viewer);
    expect(page).toContain("Pending 1");
    expect(page).not.toMatch(/Resync all|Resync the chosen/);
    for (const path of ["/posthog?index", "/posthog/metadata", "/posthog/drift", "/tenants/acme/posthog"])
      expect((await viewer.post(path, { what: "all" })).status).toBe(403);
  });
});

describe("the page of one tenant", () => {
  test("says what was sent, what will be, the last error and the next try, and sends this one again", async () => {
    await start();
    await put("acme", { name: "Acme" });
    expect(await read("/tenants/acme/posthog")).toMatch(/State Pending .*Last sent Never .*All of it is new to PostHog/);
    await settle();
    const synced = await read("/tenants/acme/posthog");
    expect(synced).toMatch(/State In sync Group organization: acme Last sent 20 Nov, 10:00 UTC/);
    expect(synced).toContain('"tenant_key": "acme"');
    expect(synced).not.toContain("What will be sent");
    fake.state.mode.default = "401";
    await put("acme", { name: "Acme Inc" });
    await settle();
    const failing = await read("/tenants/acme/posthog");
    expect(failing).toMatch(/State Failing .*Attempts 1 Last error PostHog refuses the project API key \(401\)\. .*Next attempt/);
    expect(failing).toContain('"Acme Inc"');
    fake.state.mode.default = "ok";
    const before = fake.state.events.length;
    expect((await admin.post("/tenants/acme/posthog")).headers.get("location")).toBe("/tenants/acme/posthog");
    await settle();
    expect(fake.state.events.length).toBe(before + 1);
    expect(await read("/tenants/acme/posthog")).toContain("State In sync");
  });
});

describe("the page of metadata", () => {
  test("offers the keys that tenants have, keeps what was chosen and typed, and sends it", async () => {
    await start();
    await put("acme", { metadata: { seats: 3, private: "x" } });
    await settle();
    expect(await read("/posthog/metadata")).toMatch(/private 1 tenant seats 1 tenant/);
    await admin.post("/posthog/metadata", { key: "seats", others: "region\n tier , " });
    await settle();
    expect(fake.state.group("acme")).toMatchObject({ metadata_seats: 3, has_metadata_region: false, has_metadata_tier: false });
    const html = await (await admin.get("/posthog/metadata")).text();
    expect(html).toMatch(/value="seats"[^>]*checked|checked[^>]*value="seats"/);
    expect(html).not.toMatch(/value="private"[^>]*checked|checked[^>]*value="private"/);
    await admin.post("/posthog/metadata", {});
    await settle();
    expect(fake.state.group("acme")).toMatchObject({ metadata_seats: "" });
  });

  test("too many keys, or one that is too long, are refused beside the field with what was typed", async () => {
    await start();
    const many = Array.from({ length: 51 }, (_, i) => `k${i}`).join("\n");
    const refused = await admin.post("/posthog/metadata", { others: many });
    expect(refused.status).toBe(422);
    const html = await refused.text();
    expect(html).toContain("Choose up to 50 keys.");
    expect(fieldIn(html, "others")).toBe(many);
    expect((await admin.post("/posthog/metadata", { others: "x".repeat(101) })).status).toBe(422);
  });
});

describe("the comparison with PostHog", () => {
  const secret = { POSTHOG_SECRET_KEY: "phx_fake", POSTHOG_PROJECT_ID: "1" };
  const compare = async () => {
    await admin.post("/posthog/drift");
    await app.services.jobs.runAll();
    return read("/posthog/drift");
  };

  test("without a secret key or project it says what is missing", async () => {
    await start();
    expect(await read("/posthog/drift")).toContain("Set POSTHOG_SECRET_KEY and POSTHOG_PROJECT_ID");
  });

  test("names what differs, what PostHog lacks and what it has besides; those can be sent again", async () => {
    await start(secret);
    for (let i = 0; i < 250; i++) await put(`t${i}`, { name: `Tenant ${i}` });
    await settle();
    expect(await compare()).toMatch(/Same 250 .*Different 0 .*No differences/);
    const groups = fake.state.groups.get("organization");
    Object.assign(groups?.get("t7")?.properties ?? {}, { name: "Changed by hand", plan: "left over", theirs: 1 });
    groups?.delete("t120");
    groups?.set("stranger", { properties: {}, updatedAt: 0 });
    await put("t9", { name: "About to be sent" });
    const page = await compare();
    expect(page).toMatch(/Same 247 1 wait to be sent Different 1 Missing in PostHog 1 Unknown here 1/);
    expect(page).toMatch(/t7 Different name before: − "Changed by hand" after: \+ "Tenant 7"/);
    expect(page).toMatch(/t120 Missing in PostHog/);
    expect(page).toMatch(/stranger Unknown here/);
    expect(page).not.toContain("theirs");
    expect(page).not.toContain("phx_");
    await admin.post("/posthog?index", [
      ["what", "chosen"],
      ["tenant", "t7"],
      ["tenant", "t120"],
    ]);
    await settle();
    // What PostHog holds and a tenant lacks is emptied too.
    expect(groups?.get("t7")?.properties.plan).toBe("");
    expect(await compare()).toMatch(/Same 250 .*Different 0 Missing in PostHog 0 Unknown here 1/);
  });

  test.each([
    ["401", "refuses the secret key"],
    ["500", "answered 500"],
    ["garbage", "not PostHog"],
    ["refuse", "cannot be reached"],
  ] as const)("says why when PostHog's API does this: %s", async (mode, why) => {
    await start(secret);
    await put("acme", {});
    await settle();
    fake.state.mode["/api/"] = mode;
    expect(await compare()).toContain(why);
  });

  test("a second comparison does not start while one is under way", async () => {
    await start(secret);
    await put("acme", {});
    await settle();
    await admin.post("/posthog/drift");
    const second = await admin.post("/posthog/drift");
    expect(decodeURIComponent(second.headers.getSetCookie().join())).toContain("under way already");
    expect(await read("/posthog/drift")).toContain("0 groups read so far");
  });
});
