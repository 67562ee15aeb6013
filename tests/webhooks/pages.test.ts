import { afterAll, beforeAll, expect, test } from "vitest";
import { type WebhookEventType, webhookEventNames } from "~/core/webhooks/event-types";
import { paths } from "~/paths";
import { createEndpoint, maxEndpoints, removeEndpoint } from "~/server/webhooks/endpoint-edits.server";
import { insertNotices } from "~db/store/notices.server";
import { listEndpoints } from "~db/store/webhook-endpoints.server";
import { type Browser, startTestApp, type TestApp } from "../support/app";
import { ada } from "../support/facts";
import { textOf } from "../support/page-text";
import { putAs, seedCatalogue } from "../support/tenant-world";

let app: TestApp;
let admin: Browser;
beforeAll(async () => {
  app = await startTestApp();
  admin = await app.signIn("admin");
  await seedCatalogue(app);
  await app.services.webhooks.feed.pass();
});
afterAll(() => app.close());

const endpoints = () => listEndpoints(app.services.db.read, app.services.db.tables);
const form = { url: "https://example.com/hook", kind: "standard", events: "grant.created" };
async function made(url = form.url, events: WebhookEventType[] = ["tenant.created"]): Promise<string> {
  const done = await createEndpoint(app.services, ada, { url, kind: "standard", events });
  if (!done.ok) throw new Error(done.message);
  return done.id;
}
const bytes = async (response: Response) => (await response.arrayBuffer()).byteLength;

const refused: [string, Record<string, string>, string][] = [
  ["an address of 10 kB", { url: `https://example.com/${"a".repeat(10_000)}` }, "An address has up to 2,000 characters."],
  [
    "an address that grows beyond the bound when it is encoded",
    { url: `https://example.com/${"é".repeat(1_000)}` },
    "An address has up to 2,000 characters.",
  ],
  ["no address", { url: " " }, "Enter the address that receives the events."],
  ["a script as an address", { url: "javascript:alert(1)" }, "Enter a full address, such as https://example.com/webhooks/latchkey."],
  ["an address with a password", { url: "https://a:b@example.com/" }, "Leave the user name and password out of the address."],
  ["a private address", { url: "http://[::ffff:10.0.0.1]/" }, "The host's address is private or reserved."],
  ["the metadata service", { url: "http://169.254.169.254/latest" }, "The host's address is private or reserved."],
  ["no events", { events: "" }, "Choose at least one event."],
  ["an unknown event", { events: "tenant.exploded" }, "Choose events from the list."],
  ["an unknown kind", { kind: "carrier pigeon" }, "Choose what is sent."],
];
test.each(refused)("%s is refused with a sentence, and nothing is created", async (_what, fields, sentence) => {
  const answer = await admin.post(paths.webhookNew(), { ...form, ...fields });
  expect(answer.status).toBe(422);
  expect(await textOf(answer)).toContain(sentence);
  expect(await endpoints()).toEqual([]);
});

test("a secret is in the answer that creates it and on no page", async () => {
  const answer = await admin.post(paths.webhookNew(), form);
  const [secret = ""] = /whsec_[\w+/=]+/.exec(await answer.text()) ?? [];
  const [endpoint] = await endpoints();
  expect(endpoint?.secret).toBe(secret);
  const id = endpoint?.id ?? "";
  for (const path of [paths.webhooks(), paths.webhook(id), paths.webhookEdit(id), paths.webhookRotate(id), paths.audit()]) {
    const page = await (await admin.get(path)).text();
    expect([path, page.includes(secret), page.includes("example.com")]).toEqual([path, false, true]);
  }
  await removeEndpoint(app.services, ada, id);
});

test("the audit log names a webhook's host and not its address, which may be a secret", async () => {
  const id = await made("https://hooks.slack.com/services/T0/B0/secretpath");
  const log = await (await admin.get(paths.audit())).text();
  expect([log.includes("hooks.slack.com"), log.includes("secretpath")]).toEqual([true, false]);
  await removeEndpoint(app.services, ada, id);
});

test("a webhook that is gone, or was never there, is not found, and nor is a delivery of another one", async () => {
  const [one, other] = [await made(), await made()];
  await putAs(app, "acme", { name: "Acme" });
  await app.services.webhooks.feed.pass();
  const page = await (await admin.get(paths.webhook(one))).text();
  const [, seq] = /deliveries\/(\d+)/.exec(page) ?? [];
  expect((await admin.get(paths.webhookDelivery(one, Number(seq)))).status).toBe(200);
  await removeEndpoint(app.services, ada, one);
  const gone = [paths.webhook(one), paths.webhookEdit(one), paths.webhookRotate(one), paths.webhookDelivery(one, Number(seq))];
  for (const path of [
    ...gone,
    paths.webhookDelivery(other, Number(seq)),
    `${paths.webhook(other)}/deliveries/abc`,
    paths.webhook("nothing"),
  ])
    expect([path, (await admin.get(path)).status]).toEqual([path, 404]);
  expect((await admin.post(paths.webhook(one), { intent: "test" })).status).toBe(404);
  expect((await admin.post(paths.webhook(other), { intent: "explode" })).status).toBe(400);
  await removeEndpoint(app.services, ada, other);
});

test("what is wrong in the URL of a list is left out", async () => {
  const id = await made();
  for (const path of [paths.webhook(id, { state: "x", before: "-1" }), paths.notices({ kind: "x", before: "1e99" })])
    expect([path, (await admin.get(path)).status]).toEqual([path, 200]);
  await removeEndpoint(app.services, ada, id);
});

test("there are 20 webhooks at most, and pages of the longest stay within 150 kB", async () => {
  const long = (n: number) => `https://${"sub.".repeat(40)}example.com/${"a".repeat(1_700)}${n}`;
  for (let n = 0; n < maxEndpoints; n++) await made(long(n), webhookEventNames);
  const answer = await admin.post(paths.webhookNew(), form);
  expect([answer.status, await textOf(answer)]).toEqual([422, expect.stringContaining("There are 20 webhooks already. Remove one first.")]);
  for (let n = 0; n < 31; n++) await putAs(app, `t${n}`, { name: "株式会社".repeat(50), plan: "starter" });
  await app.services.webhooks.feed.pass();
  const list = Array.from({ length: 40 }, (_, i) => ({
    ...{ kind: "trial_ended" as const, at: app.clock.now, text: `${"محمد ".repeat(100)}${i}`, about: "t1" },
  }));
  const { db } = app.services;
  await db.transaction([], (tx) => insertNotices(tx, db.tables, list, app.clock.now));
  const [first] = await endpoints();
  for (const path of [paths.webhooks(), paths.webhook(first?.id ?? ""), paths.webhookNew(), paths.notices(), paths.noticeRules()]) {
    const size = await bytes(await admin.get(path));
    expect([path, size < 150 * 1024 || size]).toEqual([path, true]);
  }
});

test("rules that are out of bounds are refused beside their field, and keep what was entered", async () => {
  const answer = await admin.post(paths.noticeRules(), { kinds: "key_expires", endsSoonDays: "91", demandPerDay: "many" });
  const text = await textOf(answer);
  expect([answer.status, text.includes("Choose 90 at most."), text.includes("Refusals are a whole number.")]).toEqual([422, true, true]);
});
