import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TenantFacts } from "~/core/model";
import { day, minute } from "~/core/time";
import { paths } from "~/paths";
import { recordUsage } from "~/server/usage/usage.server";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { now } from "./support/facts";
import { fieldIn, textOf } from "./support/page-text";
import { overrideAs, putAs, seedCatalogue, trialAs } from "./support/tenant-world";

let app: TestApp;
let admin: Browser;
let viewer: Browser;
let key: string;

beforeAll(async () => {
  app = await startTestApp();
  admin = await app.signIn("admin");
  viewer = await app.signIn("viewer");
  key = await app.apiKey("check");
  await seedCatalogue(app);
  await putAs(app, "acme", { name: "Acme", plan: "starter" });
});
afterAll(() => app.close());

const facts = async (tenant: string) => (await app.services.facts.tenant(tenant)).facts as TenantFacts;
const read = async (path: string) => textOf(await admin.get(path));
const local = (at: number) => new Date(at).toISOString().slice(0, 16);
let made = 0;
/** A tenant of its own for a test that changes it. */
async function fresh(form: Parameters<typeof putAs>[2] = { plan: "starter" }) {
  const tenant = `t${++made}`;
  await putAs(app, tenant, { name: `Tenant ${made}`, ...form });
  return tenant;
}
/** An app's view, over HTTP. */
async function check(tenant: string, feature: string) {
  const url = `${app.url}/api/entitlements?tenant=${encodeURIComponent(tenant)}&feature=${feature}`;
  const answer = (await (await fetch(url, { headers: { authorization: `Bearer ${key}` } })).json()) as {
    entitlements: {
      [feature: string]: {
        entitled: boolean;
        source: string | null;
        expiresAt: string | null;
        reason: { code: string };
        limit?: unknown;
        value?: unknown;
      };
    };
  };
  return answer.entitlements[feature];
}
const location = (response: Response) => response.headers.get("location") ?? "";

describe("a trial", () => {
  test("from the no to the yes: one link, one form filled in already, and the next check says yes until it is ended", async () => {
    const tenant = await fresh();
    expect(await check(tenant, "sso")).toMatchObject({ entitled: false, reason: { code: "not_in_plan" } });
    const form = await (await admin.get(paths.trialNew(tenant, "sso"))).text();
    expect(form).toMatch(/name="feature"[^>]*checked=""[^>]*value="sso"/);
    expect(form).toMatch(/name="length"[^>]*checked=""[^>]*value="14"/);

    const granted = await admin.post(paths.trialNew(tenant, "sso"), { feature: "sso", length: "14", note: "Asked by sales" });
    expect(granted.status).toBe(302);
    expect(await check(tenant, "sso")).toMatchObject({
      entitled: true,
      source: "trial",
      expiresAt: new Date(now + 14 * day).toISOString(),
    });

    const result = await read(location(granted));
    expect(result).toMatch(
      /Trial granted Single sign-on Before No Not included in Starter\. Included in Premium\. After Yes On trial until 4 December 2026\./,
    );
    expect(result).toContain(`curl -H "Authorization: Bearer $LATCHKEY_KEY" "${app.url}/api/entitlements?tenant=${tenant}&feature=sso"`);
    expect(result).toContain("Asked by sales");

    const [grant] = (await facts(tenant)).grants;
    const end = paths.grantEnd(tenant, grant?.id ?? "");
    expect(await read(end)).toMatch(/Now Yes .* Then No Not included in Starter\./);
    const ended = await admin.post(end, { note: "Signed the contract" });
    expect(await check(tenant, "sso")).toMatchObject({ entitled: false, reason: { code: "not_in_plan" } });
    const after = await read(location(ended));
    expect(after).toMatch(/Ended Single sign-on Before Yes .* After No/);
    expect(after).toMatch(/Ended Single sign-on Trial .*ended by The admin/);
    expect(await read(paths.tenantAudit(tenant))).toMatch(
      /ended the trial of Single sign-on Signed the contract .* granted a trial of Single sign-on until 4 Dec 2026 Asked by sales/,
    );
  });

  test("of several features at once, each with its value, is one change", async () => {
    const tenant = await fresh();
    const form: [string, string][] = [
      ["feature", "audit.log"],
      ["feature", "api.calls"],
      ["feature", "support"],
      ["feature", "branding"],
      ["values.api~calls", "2,500"],
      ["values.support", "phone"],
      ["values.branding", '{"logo": [1, null]}'],
      ["length", "30"],
    ];
    const granted = await admin.post(paths.trialNew(tenant), form);
    const text = await read(location(granted));
    expect(text).toMatch(/API calls Before Yes 100 calls Part of Starter\. After Yes 2,500 calls On trial/);
    expect(text).toContain("&feature=audit.log&feature=api.calls&feature=support&feature=branding");
    expect(await check(tenant, "api.calls")).toMatchObject({ entitled: true, limit: 2500, source: "trial" });
    expect(await check(tenant, "branding")).toMatchObject({ value: { logo: [1, null] } });
    expect((await read(paths.tenantAudit(tenant))).match(/granted a trial of/g)).toHaveLength(1);
  });

  test.each([
    ["no feature", { length: "14" }, "Choose at least one feature."],
    [
      "a feature that is no key",
      { feature: "a b", length: "14" },
      "A feature key starts with a letter or digit and has up to 100 letters, digits, dots, hyphens and underscores.",
    ],
    ["no length", { feature: "sso" }, "Choose how long."],
    ["own dates without an end", { feature: "sso", length: "own" }, "A trial always has an end: choose it."],
    ["an end in the past", { feature: "sso", length: "own", endsAt: local(now - day) }, "The end is in the past."],
    [
      "an end before the start",
      { feature: "sso", length: "own", startsAt: local(now + 5 * day), endsAt: local(now + 4 * day) },
      "after the start",
    ],
    ["a day that is none", { feature: "sso", length: "own", endsAt: "2027-02-30T10:00" }, "Choose a date and time."],
    ["a metered feature without a limit", { feature: "api.calls", length: "14" }, "a whole number from 0, or the word unlimited"],
    [
      "a limit below nothing",
      { feature: "api.calls", length: "14", "values.api~calls": "-1" },
      "a whole number from 0, or the word unlimited",
    ],
    ["an option that is none", { feature: "support", length: "14", "values.support": "email" }, "Choose one of community, phone."],
    [
      "JSON with a mistake",
      { feature: "branding", length: "14", "values.branding": '{\n "a" 1}' },
      "Line 2, column 6: there is 1 where a colon should be.",
    ],
    ["an archived feature", { feature: "old", length: "14" }, "Old thing is archived. Restore it before you grant it."],
    ["a feature that is gone", { feature: "gone", length: "14" }, "There is no feature gone."],
    ["a note that is too long", { feature: "sso", length: "14", note: "n".repeat(1001) }, "A note has up to 1,000 characters."],
  ])("with %s is refused with a sentence, what was entered stays, and nothing is written", async (_what, form, sentence) => {
    const tenant = await fresh();
    const { revision } = await facts(tenant);
    const response = await admin.post(paths.trialNew(tenant), { note: "Keep me", ...form });
    const html = await response.clone().text();
    expect(response.status).toBe(422);
    expect(await textOf(response)).toContain(sentence);
    expect(fieldIn(html, "note")?.slice(0, 7)).toBe("note" in form ? "nnnnnnn" : "Keep me");
    for (const [name, value] of Object.entries(form))
      if (name.startsWith("values.") && name !== "values.support") expect(fieldIn(html, name)).toBe(value);
    if ("feature" in form && form.feature === "sso") expect(html).toMatch(/name="feature"[^>]*checked=""[^>]*value="sso"/);
    expect((await facts(tenant)).revision).toBe(revision);
  });

  test("of a feature that is on trial already is refused, with what would work", async () => {
    const tenant = await fresh();
    await trialAs(app, tenant, "sso");
    const response = await admin.post(paths.trialNew(tenant), { feature: "sso", length: "7" });
    expect(response.status).toBe(409);
    expect(await textOf(response)).toContain("already has a trial of Single sign-on until 4 December 2026. Extend it, or end it first.");
  });

  test("that starts later says from when, and stands under upcoming", async () => {
    const tenant = await fresh();
    const form = { feature: "sso", length: "own", startsAt: local(now + 2 * day), endsAt: local(now + 5 * day) };
    const text = await read(location(await admin.post(paths.trialNew(tenant), form)));
    expect(text).toMatch(/Single sign-on from 22 Nov, 10:00 UTC, in 2 days/);
    expect(text).toMatch(/Upcoming Single sign-on Trial Starts 22 Nov, 10:00 UTC/);
    expect(await check(tenant, "sso")).toMatchObject({ entitled: false });
    expect(await read(paths.tenantFeatures(tenant, { q: "sso" }))).toMatch(/Trial starts 22 Nov, 10:00 UTC/);
  });

  test("extends from the end it has; the old row stays on record", async () => {
    const tenant = await fresh();
    const id = await trialAs(app, tenant, "sso");
    const early = await admin.post(paths.grantExtend(tenant, id), { length: "own", endsAt: local(now + day) });
    expect([early.status, await textOf(early)]).toEqual([422, expect.stringContaining("The new end has to be after 4 December 2026.")]);
    const extended = await admin.post(paths.grantExtend(tenant, id), { length: "7" });
    expect(await check(tenant, "sso")).toMatchObject({ expiresAt: new Date(now + 21 * day).toISOString() });
    const text = await read(location(extended));
    expect(text).toMatch(
      /Extended Single sign-on Before Yes On trial until 4 December 2026\..* After Yes On trial until 11 December 2026\./,
    );
    expect(text).toMatch(/extends one that was to end 4 Dec 2026/);
    expect(text).toMatch(/Ended Single sign-on Trial Extended/);
    const again = await admin.post(paths.grantExtend(tenant, id), { length: "7" });
    expect([again.status, await textOf(again)]).toEqual([409, expect.stringContaining("This trial is over.")]);
  });

  test("is over in the millisecond that was said, and an old address no longer tells of it as new", async () => {
    const tenant = await fresh();
    const result = location(await admin.post(paths.trialNew(tenant), { feature: "sso", length: "own", endsAt: local(now + minute) }));
    const before = app.clock.now;
    try {
      app.clock.now = now + 59_999;
      expect(await read(result)).toMatch(/Trial granted .*Ends 20 Nov, 10:01 UTC, in under a minute/);
      app.clock.now = now + minute;
      const text = await read(result);
      expect(text).not.toContain("Trial granted");
      expect(text).toMatch(/Nothing is granted at the moment\. Ended Single sign-on/);
      expect(await check(tenant, "sso")).toMatchObject({ entitled: false });
    } finally {
      app.clock.now = before;
    }
  });

  test("cannot be granted to an archived tenant", async () => {
    const tenant = await fresh({ status: "archived" });
    const response = await admin.post(paths.trialNew(tenant), { feature: "sso", length: "7" });
    expect([response.status, await textOf(response)]).toEqual([
      422,
      expect.stringContaining("is archived. Reinstate it before you grant it anything"),
    ]);
  });
});

describe("an override", () => {
  test("denies what the plan gives until it is ended", async () => {
    const tenant = await fresh();
    expect(await read(paths.overrideNew(tenant, "epics", "deny"))).toMatch(/Epics .*Yes Part of Starter\./);
    const set = await admin.post(paths.overrideNew(tenant), { feature: "epics", effect: "deny", value: "ignored", note: "Disputed" });
    expect(await check(tenant, "epics")).toMatchObject({ entitled: false, source: "override" });
    expect(await read(location(set))).toMatch(/Override set Epics Before Yes .* After No Denied by an override\./);
    const [grant] = (await facts(tenant)).grants;
    await admin.post(paths.grantEnd(tenant, grant?.id ?? ""), {});
    expect(await check(tenant, "epics")).toMatchObject({ entitled: true, source: "plan" });
  });

  test("allows with a limit and an end, and the feature is chosen first", async () => {
    const tenant = await fresh();
    expect(await (await admin.get(paths.overrideNew(tenant))).text()).toMatch(/<select[^>]*name="feature"/);
    const form = { feature: "api.calls", effect: "allow", endsAt: local(now + day) };
    const missing = await admin.post(paths.overrideNew(tenant, "api.calls"), form);
    expect([missing.status, await textOf(missing)]).toEqual([422, expect.stringContaining("Give a limit")]);
    await admin.post(paths.overrideNew(tenant, "api.calls"), { ...form, value: "Unlimited" });
    expect(await check(tenant, "api.calls")).toMatchObject({ limit: "unlimited", expiresAt: new Date(now + day).toISOString() });
    const second = await admin.post(paths.overrideNew(tenant, "api.calls"), { ...form, value: "1" });
    expect([second.status, await textOf(second)]).toEqual([409, expect.stringContaining("already has an override of API calls")]);
  });

  test("without an end has nothing to extend", async () => {
    const tenant = await fresh();
    const id = await overrideAs(app, tenant, { feature: "sso", effect: "allow" });
    expect(await read(paths.grantExtend(tenant, id))).toContain("This override has no end, so there is nothing to extend.");
    expect((await admin.post(paths.grantExtend(tenant, id), { length: "7" })).status).toBe(409);
  });
});

describe("creating and editing", () => {
  test("a new tenant has its plan, add-ons and metadata at once", async () => {
    const form: [string, string][] = [
      ["key", " new one "],
      ["name", "New One"],
      ["plan", "starter"],
      ["addOns", "phone"],
      ["addOns", "nothing"],
      ["metadata", '{"a": {"b": [1]}}'],
    ];
    const response = await admin.post(paths.tenantNew(), form);
    expect(location(response)).toBe(paths.tenant("new one"));
    expect(await facts("new one")).toMatchObject({ name: "New One", plan: "starter", metadata: { a: { b: [1] } } });
    expect((await facts("new one")).addOns.map((a) => a.plan)).toEqual(["phone", "nothing"]);
    expect(await read(location(response))).toContain("New One created.");
  });

  test("a key that is taken is refused beside the field, and what was entered stays", async () => {
    const response = await admin.post(paths.tenantNew(), {
      key: "acme",
      name: "Another",
      plan: "premium",
      addOns: "phone",
      metadata: '{"a":1}',
    });
    const html = await response.clone().text();
    expect([response.status, await textOf(response)]).toEqual([
      409,
      expect.stringContaining("There is a tenant with this key already: Acme. Choose another key."),
    ]);
    expect([fieldIn(html, "key"), fieldIn(html, "name"), fieldIn(html, "metadata")]).toEqual(["acme", "Another", '{"a":1}']);
    expect(html).toMatch(/<option[^>]*selected=""[^>]*>Premium|<option value="premium" selected="">/);
    expect(html).toMatch(/name="addOns"[^>]*checked=""[^>]*value="phone"/);
    expect((await facts("acme")).name).toBe("Acme");
  });

  test.each([
    [{ key: "", name: "x" }, "Give the key that your app knows this tenant by."],
    [{ key: "k".repeat(201) }, "A tenant key has 1 to 200 characters"],
    [{ key: "bad1", name: "n".repeat(201) }, "A name has up to 200 characters."],
    [{ key: "bad1", plan: "nope" }, "There is no plan nope."],
    [{ key: "bad1", plan: "legacy" }, "Legacy is archived and cannot be newly given."],
    [{ key: "bad1", plan: "phone" }, "Phone support is an add-on."],
    [{ key: "bad1", addOns: "premium" }, "Premium is a plan, not an add-on."],
    [{ key: "bad1", metadata: "[1]" }, "Metadata is a JSON object"],
    [{ key: "bad1", metadata: '{\n  "a": 1,\n}' }, "Line 3, column 1: there is } where a name"],
    [{ key: "bad1", metadata: '{"a": {"__proto__": 1}}' }, "a.__proto__: The name __proto__ cannot be stored."],
    [{ key: "bad1", metadata: JSON.stringify({ a: "x".repeat(11_000) }) }, "up to 10000 characters"],
  ])("%j is refused with a sentence", async (form, sentence) => {
    const response = await admin.post(paths.tenantNew(), form as unknown as Record<string, string>);
    expect([response.status, await textOf(response)]).toEqual([422, expect.stringContaining(sentence)]);
    expect(await facts("bad1")).toBeNull();
  });

  const edit = async (tenant: string, form: Record<string, string>, as = admin) => as.post(paths.tenantEdit(tenant), form);
  const seen = async (tenant: string) => fieldIn(await (await admin.get(paths.tenantEdit(tenant))).text(), "expected") ?? "";

  test("of two who edit at once the second is told what the first changed, and loses nothing", async () => {
    const tenant = await fresh({ name: "First", metadata: { a: 1 } });
    const expected = await seen(tenant);
    const other = await app.signIn("owner", "adm_other");
    expect((await edit(tenant, { expected, name: "Theirs", metadata: '{"a":2}' }, other)).status).toBe(302);

    const told = await edit(tenant, { expected, name: "Mine", metadata: '{"a":3}' });
    const html = await told.clone().text();
    expect(told.status).toBe(409);
    expect(await textOf(told)).toMatch(
      /The owner changed this meanwhile .*name before: − "First" after: \+ "Theirs" metadata\.a before: − 1 after: \+ 2/,
    );
    expect([fieldIn(html, "name"), fieldIn(html, "metadata")]).toEqual(["Mine", '{"a":3}']);
    expect(await facts(tenant)).toMatchObject({ name: "Theirs" });

    const now = fieldIn(html, "expected") ?? "";
    expect(now).toBe(String((await facts(tenant)).revision));
    expect((await edit(tenant, { expected: now, name: "Mine", metadata: '{"a":3}' })).status).toBe(302);
    expect(await facts(tenant)).toMatchObject({ name: "Mine", metadata: { a: 3 } });
  });

  test("another mistake in between does not make the second editor forget what they saw", async () => {
    const tenant = await fresh();
    const expected = await seen(tenant);
    await putAs(app, tenant, { name: "Theirs" });
    const response = await edit(tenant, { expected, name: "Mine", metadata: "{" });
    const html = await response.text();
    expect(response.status).toBe(422);
    expect(fieldIn(html, "expected")).toBe(expected);
  });

  test("a grant or another plan in between is no conflict of a name", async () => {
    const tenant = await fresh();
    const expected = await seen(tenant);
    await trialAs(app, tenant, "sso");
    await putAs(app, tenant, { plan: "premium" });
    expect((await edit(tenant, { expected, name: "Mine", metadata: "" })).status).toBe(302);
    expect(await facts(tenant)).toMatchObject({ name: "Mine", plan: "premium" });
  });

  test("a revision that never was is told as a conflict, one that is no number as a field", async () => {
    const tenant = await fresh();
    expect((await edit(tenant, { expected: "1", name: "Mine" })).status).toBe(409);
    expect((await edit(tenant, { expected: "x", name: "Mine" })).status).toBe(422);
    expect((await edit(tenant, { name: "Mine" })).status).toBe(422);
  });
});

describe("the plan", () => {
  test("shows what a change gains, loses and alters before it is made, and makes exactly that", async () => {
    const tenant = await fresh({ plan: "premium" });
    const path = paths.tenantPlan(tenant);
    const html = await (await admin.get(`${path}?plan=starter&addOns=phone`)).text();
    const text = await textOf(new Response(html));
    expect(text).toMatch(/Loses 2 features Audit trail Single sign-on/);
    expect(text).toMatch(/Gets something else of 2 features API calls 1,000 calls → 100 calls Support community → phone/);
    expect(text).not.toContain("Gains");
    expect((await facts(tenant)).plan).toBe("premium");
    const form = { expected: fieldIn(html, "expected") ?? "", plan: "starter", addOns: "phone", note: "Downgrade" };
    expect((await admin.post(path, form)).status).toBe(302);
    expect(await check(tenant, "sso")).toMatchObject({ entitled: false });
    expect(await check(tenant, "support")).toMatchObject({ value: "phone", source: "add_on" });
    expect(await read(paths.tenantAudit(tenant))).toMatch(/Downgrade/);
  });

  test("shows how often what is lost was used in 30 days, the most used first, and which new limit is exceeded", async () => {
    const tenant = await fresh({ plan: "premium" });
    for (let i = 0; i < 3; i++) await check(tenant, "sso");
    await app.services.counts.flush();
    const used = { tenant, feature: "api.calls", action: "add", quantity: 150, idempotencyKey: "use" } as const;
    expect(await recordUsage(app.services, [used])).toMatchObject([{ status: "recorded" }]);
    const text = await read(`${paths.tenantPlan(tenant)}?plan=starter`);
    expect(text).toMatch(
      /Loses 3 features 1 in use in 30 days Single sign-on 3 checks Audit trail API calls 1,000 calls → 100 calls 150 used: over the new limit/,
    );
  });

  test("of a suspended tenant the preview shows what changes once it is reinstated", async () => {
    const tenant = await fresh({ plan: null, status: "suspended" });
    expect(await read(`${paths.tenantPlan(tenant)}?plan=starter`)).toMatch(/suspended: every answer stays no .*Gains 3 features/);
  });

  test("what cannot be given is refused in the preview, and by the server", async () => {
    const tenant = await fresh();
    const html = await (await admin.get(`${paths.tenantPlan(tenant)}?plan=legacy`)).text();
    expect(html).toContain("Legacy is archived and cannot be newly given.");
    expect(html).not.toContain('name="expected"');
    const expected = String((await facts(tenant)).revision);
    const response = await admin.post(paths.tenantPlan(tenant), { expected, plan: "legacy" });
    expect([response.status, await textOf(response)]).toEqual([422, expect.stringContaining("Legacy is archived")]);
  });

  test("a plan that somebody else changed meanwhile is shown before it is replaced", async () => {
    const tenant = await fresh();
    const path = `${paths.tenantPlan(tenant)}?plan=premium`;
    const expected = fieldIn(await (await admin.get(path)).text(), "expected") ?? "";
    await putAs(app, tenant, { addOns: ["phone"] });
    const told = await admin.post(path, { expected, plan: "premium" });
    const html = await told.clone().text();
    expect(told.status).toBe(409);
    expect(await textOf(told)).toMatch(
      /Somebody else changed this meanwhile .*addOns before: − \[\] after: \+ \["phone"\].*Support phone → community/,
    );
    expect((await admin.post(path, { expected: fieldIn(html, "expected") ?? "", plan: "premium" })).status).toBe(302);
    expect(await facts(tenant)).toMatchObject({ plan: "premium", addOns: [] });
  });

  test("the plan it has already is nothing to change", async () => {
    const tenant = await fresh();
    expect(await read(`${paths.tenantPlan(tenant)}?plan=starter`)).toContain("has exactly this plan already");
  });
});

describe("the status", () => {
  test("suspended, every answer is no at once, overrides included; reinstated, all is as before", async () => {
    const tenant = await fresh();
    await overrideAs(app, tenant, { feature: "sso", effect: "allow" });
    const form = await (await admin.get(paths.tenantStatus(tenant))).text();
    expect(form).toContain("4 features fewer");
    const change = (status: string, expected: number) =>
      admin.post(paths.tenantStatus(tenant), { status, expected: String(expected), note: "Unpaid" });
    expect((await change("suspended", (await facts(tenant)).revision)).status).toBe(302);
    expect(await check(tenant, "sso")).toMatchObject({ entitled: false, reason: { code: "tenant_suspended" } });
    expect(await read(paths.tenant(tenant))).toMatch(/Suspended .*Reinstate/);
    expect((await change("active", (await facts(tenant)).revision)).status).toBe(302);
    expect(await check(tenant, "sso")).toMatchObject({ entitled: true });
    expect((await change("gone", (await facts(tenant)).revision)).status).toBe(422);
  });

  test("one that somebody else changed meanwhile is shown first", async () => {
    const tenant = await fresh();
    const { revision } = await facts(tenant);
    await putAs(app, tenant, { status: "archived" });
    const told = await admin.post(paths.tenantStatus(tenant), { status: "suspended", expected: String(revision) });
    expect([told.status, await textOf(told)]).toEqual([409, expect.stringContaining('status before: − "active" after: + "archived"')]);
  });
});

describe("who may", () => {
  test("a viewer sees each form with the reason why not to send it, and the server refuses it all", async () => {
    const tenant = await fresh();
    const id = await trialAs(app, tenant, "sso");
    const { revision } = await facts(tenant);
    const expected = String(revision);
    const forms: [string, Record<string, string>][] = [
      [paths.tenantNew(), { key: "by-viewer" }],
      [paths.tenantEdit(tenant), { expected, name: "Mine" }],
      [paths.tenantStatus(tenant), { expected, status: "suspended" }],
      [`${paths.tenantPlan(tenant)}?plan=premium`, { expected, plan: "premium" }],
      [paths.trialNew(tenant), { feature: "audit.log", length: "7" }],
      [paths.overrideNew(tenant, "sso"), { feature: "sso", effect: "deny" }],
      [paths.grantExtend(tenant, id), { length: "7" }],
      [paths.grantEnd(tenant, id), {}],
    ];
    for (const [path, form] of forms) {
      const page = await (await viewer.get(path)).text();
      expect([path, page]).toEqual([path, expect.stringContaining("You can look at this, but not change it.")]);
      expect(page).toMatch(/<button type="submit"[^>]*disabled=""/);
      const sent = await viewer.post(path, form);
      expect([path, sent.status, await textOf(sent)]).toEqual([
        path,
        403,
        expect.stringMatching(/You need the role (support, )?admin or owner to .+ Ask an owner for it\./),
      ]);
      const stranger = await app.browser().post(path, form);
      expect([path, stranger.status, location(stranger)]).toEqual([path, 302, expect.stringContaining("/sign-in")]);
    }
    expect((await facts(tenant)).revision).toBe(revision);
    expect(await facts("by-viewer")).toBeNull();
  });
});

describe("nonsense", () => {
  const form = "application/x-www-form-urlencoded";
  test.each([
    ["a body that is no form", "application/json", "{}"],
    ["a multipart body without parts", "multipart/form-data; boundary=x", "nothing"],
    [
      "a file in place of text",
      "multipart/form-data; boundary=x",
      '--x\r\nContent-Disposition: form-data; name="note"; filename="a"\r\n\r\na\r\n--x--\r\n',
    ],
    ["an index that would make a list of millions", form, "feature%5B99999999%5D=sso"],
    ["more fields than any form has", form, "feature=sso&".repeat(5_001)],
    ["a path of many parts", form, `${"a.".repeat(1_000)}a=1`],
  ])("%s is a 400 with a sentence, at once", async (_what, type, body) => {
    const [name, value] = [...admin.cookies][0] ?? [];
    const headers = { "content-type": type, origin: app.url, cookie: `${name}=${value}` };
    const response = await fetch(app.url + paths.trialNew("acme"), { method: "POST", headers, body });
    expect([response.status, await textOf(response)]).toEqual([400, expect.stringContaining("This form cannot be read.")]);
  });

  test("names that stand for something else in the program or its libraries are only names", async () => {
    const odd = { "values.__proto__": "1", "values.constructor": "1", __intent__: "{", __state__: "{", feature: "sso", length: "7" };
    expect((await admin.post(paths.trialNew(await fresh()), odd)).status).toBe(302);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
