import { Webhook } from "standardwebhooks";
import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";
import { putTenant } from "~/core/decision/changes";
import { grantTrial } from "~/core/grants/grant-changes";
import type { TenantFacts } from "~/core/model";
import { day } from "~/core/time";
import { webhookEventNames } from "~/core/webhooks/event-types";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { createEndpoint } from "~/server/webhooks/endpoint-edits.server";
import { ada } from "../support/api";
import { docBlock, readDoc } from "../support/doc-blocks";
import { type Receiver, startReceiver } from "../support/receiver";
import { startServices, type TestServices } from "../support/services";
import { seedCatalogue } from "../support/tenant-world";

const page = "docs/webhooks.md";
let services: TestServices;
let receiver: Receiver;
let secret: string;

beforeAll(async () => {
  services = await startServices("sqlite", { variables: { LATCHKEY_WEBHOOK_ALLOW_HOSTS: "127.0.0.1" } });
  // Signatures are compared with the real clock.
  services.clock.now = Date.now();
  await seedCatalogue({ services } as never);
  receiver = await startReceiver();
  await changeTenant(services, "acme", ada, (f, c, stamp) => putTenant(f, "acme", { name: "Acme", plan: "starter" }, c, stamp));
  await services.webhooks.feed.pass();
  const made = await createEndpoint(services, ada, { url: receiver.url, kind: "standard", events: ["grant.created"] });
  secret = made.ok ? (made.secret ?? "") : "";
  services.clock.now += 1;
  const form = { features: [{ feature: "sso" }], endsAt: services.now() + 14 * day };
  await changeTenant(services, "acme", ada, (f, c, stamp) => grantTrial(f as TenantFacts, form, c, stamp));
  await services.webhooks.feed.pass();
  await services.webhooks.sender.pass();
});
afterAll(async () => {
  await receiver.close();
  await services.stop();
});

/** A document in which instants and ids of grants are alike. */
const plain = (text: string) => text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<instant>").replace(/gr_\w+/g, "<grant>");

test("the body that the page prints is the one that is sent", () => {
  const printed = JSON.stringify(JSON.parse(docBlock("Events", "json", page)));
  expect(plain(receiver.received[0]?.body ?? "")).toBe(plain(printed));
});

test("the code that the page prints accepts a delivery, and refuses it by another secret", () => {
  const options = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
  const { outputText } = ts.transpileModule(docBlock("Verification", "ts", page), { compilerOptions: options });
  const exports = {} as { readEvent: (secret: string, body: string, headers: object) => { type: string } };
  new Function("exports", "require", outputText)(exports, () => ({ Webhook }));
  const [{ body, headers } = { body: "", headers: {} }] = receiver.received;
  expect(exports.readEvent(secret, body, headers).type).toBe("grant.created");
  expect(() => exports.readEvent(`whsec_${btoa("another secret")}`, body, headers)).toThrow();
});

test("the page names every event", () => {
  for (const name of webhookEventNames) expect(readDoc(page)).toContain(`\`${name}\``);
});
