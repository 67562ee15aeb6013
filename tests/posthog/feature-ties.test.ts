import { afterEach, describe, expect, test } from "vitest";
import { paths } from "~/paths";
import type { Browser, TestApp, TestAppOptions } from "../support/app";
import { startTestApp } from "../support/app";
import { textOf } from "../support/page-text";
import { type PosthogApp, startPosthogApp } from "../support/posthog";

// A feature is linked to a flag by a form, the API or a file. Each reports what PostHog knows of the flag.

const open: TestApp[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});

const ways = {
  "from its definitions": { POSTHOG_SECRET_KEY: "phx_fake", POSTHOG_PROJECT_ID: "1", POSTHOG_FLAG_POLL_INTERVAL: "1" },
  "by asking it": {},
};
type Started = PosthogApp & { admin: Browser; manage: string };

async function start(env: TestAppOptions["env"] = {}): Promise<Started> {
  const app = await startPosthogApp({ env });
  open.push(app);
  const { state } = app.fake;
  state.groupTypes = ["organization", "team"];
  state.setFlag({ key: "of-tenants", payloads: { true: '"many"' } });
  state.setFlag({ key: "of-persons", groupType: null });
  state.setFlag({ key: "of-teams", groupType: "team" });
  state.setFlag({ key: "inactive", active: false });
  if (env.POSTHOG_SECRET_KEY) {
    await app.posthog.client.waitForLocalEvaluationReady(10_000);
    await app.posthog.client.reloadFeatureFlags();
  }
  return Object.assign(app, { admin: await app.signIn("admin"), manage: await app.apiKey("manage") });
}
const put = async (app: Pick<Started, "url" | "manage">, key: string, flag: object | null, more: object = {}) => {
  const answer = await fetch(`${app.url}/api/features/${key}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${app.manage}`, "content-type": "application/json" },
    body: JSON.stringify({ name: key, flag, ...more }),
  });
  return { status: answer.status, ...(await answer.json()) };
};
const form = { name: "Search", description: "", group: "", type: "boolean", flagRule: "grant", whenUnknown: "last" };
const add = (app: Started, key: string, flagKey: string, more: object = {}) =>
  app.admin.post(paths.featureNew(), { ...form, key, flagKey, ...more });
const asked = (app: PosthogApp) => app.fake.state.requests["/flags/"] ?? 0;

describe.each(Object.keys(ways) as (keyof typeof ways)[])("where PostHog is known %s,", (way) => {
  const startIt = () => start(ways[way]);
  const isLocal = way === "from its definitions";

  test("a form with a flag about groups of another type is refused beside the flag", async () => {
    const app = await startIt();
    const answer = await add(app, "search", "of-teams");
    expect(answer.status).toBe(422);
    const html = await answer.text();
    expect(html).toMatch(
      /id="[^"]*flagKey-error"[^>]*>[^<]*about groups of another type than organization, so it says nothing of tenants\./,
    );
    expect(app.services.facts.catalogue().features.has("search")).toBe(false);
  });

  test("a program that names a flag that there is none of is refused with a code and the field", async () => {
    const app = await startIt();
    const gate = { key: "no-such-flag", rule: "gate", whenUnknown: "last" };
    expect(await put(app, "search", gate)).toMatchObject({ status: 422, code: "flag_not_found", field: "flag" });
    expect(await put(app, "search", { ...gate, key: "of-teams" })).toMatchObject({ status: 422, code: "flag_group_type" });
    // A grant by a flag that is not on yet takes nothing away, and without definitions it looks as one that is missing does.
    const grant = await put(app, "search", { ...gate, rule: "grant" });
    expect(grant).toMatchObject(isLocal ? { status: 422, code: "flag_not_found" } : { status: 201 });
  });

  test("the page of a feature says what is to be known of its flag", async () => {
    const app = await startIt();
    expect((await add(app, "search", "of-persons")).status).toBe(302);
    expect((await add(app, "calls", "of-tenants", { type: "metered", resetPeriod: "month", unit: "" })).status).toBe(302);
    expect((await add(app, "sso", "of-tenants")).status).toBe(302);
    const page = async (key: string) => textOf(await app.admin.get(paths.feature(key)));
    expect(await page("search")).toContain("The flag of-persons is about persons. Checks have to name a user, or it says nothing.");
    expect(await page("sso")).not.toContain("The PostHog flag of this feature");
    // Values, only definitions say.
    if (isLocal) expect(await page("calls")).toMatch(/The flag of-tenants gives "many", and Search .*\. Give it a payload that fits/);
    else expect(await page("calls")).not.toContain("The PostHog flag of this feature");
  });

  test("what a file would tie is told before it is applied, and nothing of what is tied so already", async () => {
    const app = await startIt();
    const file = (name: string) =>
      `latchkey: 1\nfeatures: { search: { name: ${name}, flag: { key: of-teams, rule: grant, whenUnknown: last } } }\nplans: {}\n`;
    const preview = async (name: string) => textOf(await app.admin.post(paths.importPreview(), { text: file(name) }));
    const warning = "The flag of-teams is about groups of another type than organization";
    expect(await preview("Search")).toContain(`Search: ${warning}`);
    const applied = await fetch(`${app.url}/api/catalogue/import`, {
      method: "POST",
      headers: { authorization: `Bearer ${app.manage}`, "content-type": "application/yaml" },
      body: file("Search"),
    });
    expect(applied.status).toBe(200);
    const again = await preview("Finder");
    expect(again).toContain("Finder");
    expect(again).not.toContain(warning);
  });

  test("a tie that is there already is not asked about, so that the rest can be changed", async () => {
    const app = await startIt();
    const tie = { key: "of-tenants", rule: "gate", whenUnknown: "last" };
    expect((await put(app, "search", tie)).status).toBe(201);
    app.fake.state.flags.delete("of-tenants");
    if (isLocal) await app.posthog.client.reloadFeatureFlags();
    const before = asked(app);
    expect(await put(app, "search", tie, { description: "Finds things" })).toMatchObject({ status: 200 });
    expect(asked(app)).toBe(before);
  });
});

test("a flag made a moment ago, which no definitions have yet, is asked for", async () => {
  const app = await start({ ...ways["from its definitions"], POSTHOG_FLAG_POLL_INTERVAL: "3600" });
  app.fake.state.setFlag({ key: "new" });
  expect((await put(app, "search", { key: "new", rule: "gate", whenUnknown: "last" })).status).toBe(201);
  expect(await put(app, "sso", { key: "newer", rule: "gate", whenUnknown: "last" })).toMatchObject({ status: 422 });
});

test.each(["refuse", "500", "401", "garbage", "hang"] as const)(
  "a PostHog that cannot be asked (%s) keeps nobody from a tie",
  async (mode) => {
    const app = await start();
    app.fake.state.mode.default = mode;
    await app.fake.ready();
    expect((await put(app, "search", { key: "no-such-flag", rule: "gate", whenUnknown: "last" })).status).toBe(201);
    expect(await textOf(await app.admin.get(paths.feature("search")))).not.toContain("The PostHog flag of this feature");
  },
);

test("without PostHog any key is taken", async () => {
  const app = await startTestApp();
  open.push(app);
  const manage = await app.apiKey("manage");
  expect((await put({ url: app.url, manage }, "search", { key: "any", rule: "gate", whenUnknown: "last" })).status).toBe(201);
});
