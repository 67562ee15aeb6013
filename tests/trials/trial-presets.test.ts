import { afterAll, beforeAll, expect, test } from "vitest";
import { maxPresets } from "~/core/grants/trial-presets";
import { paths } from "~/paths";
import { type Browser, startTestApp, type TestApp } from "../support/app";
import { textOf } from "../support/page-text";
import { putAs, seedCatalogue } from "../support/tenant-world";

let app: TestApp;
let admin: Browser;

beforeAll(async () => {
  app = await startTestApp();
  admin = await app.signIn("admin");
  await seedCatalogue(app);
  await putAs(app, "acme", { name: "Acme", plan: "starter" });
});
afterAll(() => app.close());

const read = async (path: string, browser = admin) => textOf(await browser.get(path));
const keep = (name: string, features: string, days = "14") => admin.post(paths.trialPresetNew(), { name, features, days });

test("a preset that was kept fills in the form for a trial with its features and length", async () => {
  expect(await read(paths.trialPresets())).toContain("No presets yet");
  expect((await keep("Security", "sso audit.log\nsso", "30")).status).toBe(302);
  expect(await read(paths.trialPresets())).toMatch(/Security 30 days Single sign-on , Audit trail Delete/);
  const form = await (await admin.get(paths.trialNew("acme"))).text();
  const [, link = ""] = /href="([^"]*trial\?feature=sso[^"]*)"/.exec(form) ?? [];
  const filled = await (await admin.get(link.replaceAll("&amp;", "&"))).text();
  const inputs = [...filled.matchAll(/<input[^>]*name="(?:feature|length)"[^>]*checked=""[^>]*>/g)];
  const checked = inputs.map(([input]) => /value="([^"]*)"/.exec(input)?.[1]);
  expect(checked.sort()).toEqual(["30", "audit.log", "sso"]);
});

test("what was wrong is said beside the field, and nothing is kept", async () => {
  for (const [name, features, sentence] of [
    ["", "sso", "Give it a name."],
    ["two\nlines", "sso", "A name is one line of text."],
    ["x".repeat(61), "sso", "A name has up to 60 characters."],
    ["Empty", " , ", "Name at least one feature."],
    ["Unknown", "sso, sos", "There is no feature sos."],
    ["security", "sso", "There is a preset “security” already."],
  ] as const) {
    const response = await keep(name, features);
    expect([name, response.status]).toEqual([name, 422]);
    expect(await textOf(response)).toContain(sentence);
  }
  expect((await keep("Length", "sso", "3650")).status).toBe(422);
  expect(await read(paths.trialPresets())).not.toMatch(/Unknown|Empty|Length/);
});

test("a feature that was archived is crossed out, and not offered", async () => {
  await keep("Branded", "branding, sso");
  await admin.post(`${paths.feature("branding")}/edit`, { intent: "archive" });
  expect(await (await admin.get(paths.trialPresets())).text()).toMatch(/<s title="Archived[^>]*>Branding<\/s>/);
  expect(await (await admin.get(paths.trialNew("acme"))).text()).toContain("trial?feature=sso&amp;days=14");
});

test("the audit log says who kept and who deleted a preset", async () => {
  await admin.post(paths.trialPresets(), { name: "Branded" });
  await admin.post(paths.trialPresets(), { name: "Branded" });
  const text = await read(paths.audit());
  expect(text).toMatch(/saved the preset Branded/);
  expect(text.match(/deleted the preset Branded/g)).toHaveLength(1);
});

test("support uses presets and may not change them; their number is bounded", async () => {
  const support = await app.signIn("support");
  expect(await read(paths.trialPresets(), support)).not.toMatch(/New preset|Delete/);
  expect(await read(paths.trialNew("acme"), support)).toMatch(/Presets Security 30 days/);
  for (let i = 1; i < maxPresets; i++) expect((await keep(`P${i}`, "sso")).status).toBe(302);
  expect(await textOf(await keep("One more", "sso"))).toContain(`There are ${maxPresets} presets already. Delete one first.`);
});
