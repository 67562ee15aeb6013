import { eq } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { putTenant } from "~/core/decision/changes";
import { endGrant, grantTrial } from "~/core/grants/grant-changes";
import type { TenantFacts } from "~/core/model";
import { day, hour, minute } from "~/core/time";
import type { WebhookEventType } from "~/core/webhooks/event-types";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { readNotices } from "~/server/notices/notices.server";
import { sendAgain, skipDelivery, testEndpoint } from "~/server/webhooks/delivery-acts.server";
import { createEndpoint, disableEndpoint, enableEndpoint, rotateSecret } from "~/server/webhooks/endpoint-edits.server";
import { readDeliveryLog, readWebhook } from "~/server/webhooks/webhook-pages.server";
import { createWebhookSender } from "~/server/webhooks/webhook-sender.server";
import { allEndsUpTo, grantsEndingBetween } from "~db/store/hook-changes.server";
import { findEndpoint } from "~db/store/webhook-endpoints.server";
import { ada } from "../support/api";
import { hang, isSignedBy, ok, type Receiver, startReceiver, status } from "../support/receiver";
import { engines, startServices, type TestServices } from "../support/services";
import { seedCatalogue } from "../support/tenant-world";

const all: WebhookEventType[] = ["grant.created", "grant.ended", "tenant.created", "tenant.plan_changed", "tenant.status_changed"];

describe.each(engines)("webhooks on %s", (engine) => {
  let services: TestServices;
  let receiver: Receiver;
  beforeEach(async () => {
    services = await startServices(engine, { variables: { LATCHKEY_WEBHOOK_ALLOW_HOSTS: "127.0.0.1" } });
    // Signatures are compared with the real clock.
    services.clock.now = Date.now();
    await seedCatalogue({ services } as never);
    receiver = await startReceiver();
  });
  afterEach(async () => {
    await receiver.close();
    await services.stop();
  });

  const put = (key: string, form = {}) =>
    changeTenant(services, key, ada, (facts, catalogue, stamp) => putTenant(facts, key, { name: key, ...form }, catalogue, stamp));
  const trial = async (key: string, feature = "sso", days = 14) => {
    const form = { features: [{ feature }], endsAt: services.now() + days * day };
    const done = await changeTenant(services, key, ada, (f, c, stamp) => grantTrial(f as TenantFacts, form, c, stamp));
    return done.ok ? (done.facts?.grants.at(-1)?.id as string) : Promise.reject(new Error(done.message));
  };
  const endpoint = async (url = receiver.url, events = all, kind: "standard" | "slack" = "standard") => {
    await services.webhooks.feed.pass();
    const made = await createEndpoint(services, ada, { url, kind, events });
    if (!made.ok) throw new Error(made.message);
    services.clock.now += 1;
    return { id: made.id, secret: made.secret as string };
  };
  const send = async () => {
    await services.webhooks.feed.pass();
    await services.webhooks.sender.pass();
  };
  const stateOf = async (id: string) => {
    const found = await findEndpoint(services.db.read, services.db.tables, id);
    return { state: found?.state, reason: found?.disabledReason };
  };
  const logOf = async (id: string) => (await readDeliveryLog(services, id, {}))?.rows ?? [];
  const typesOf = (tenant: string) => receiver.received.filter(({ data }) => data.tenant?.key === tenant).map(({ type }) => type);

  test("a change is delivered once, signed, with what happened", async () => {
    const { secret } = await endpoint();
    await put("acme", { plan: "starter" });
    const grant = await trial("acme");
    await send();
    await send();
    expect(receiver.received.map(({ type }) => type)).toEqual(["tenant.created", "grant.created"]);
    expect(receiver.received.every((one) => isSignedBy(secret, one))).toBe(true);
    expect(receiver.received[1]?.data).toMatchObject({
      tenant: { key: "acme", name: "acme", status: "active", plan: "starter" },
      actor: { kind: ada.kind, id: ada.id },
      grant: { id: grant, kind: "trial", feature: { key: "sso", name: "Single sign-on" }, value: true },
    });
  });

  test("what happened before an endpoint was created is not sent to it", async () => {
    await put("acme");
    services.clock.now += 1;
    await endpoint();
    await put("globex");
    await send();
    expect(receiver.received.map(({ data }) => data.tenant?.key)).toEqual(["globex"]);
  });

  test("a grant that ends by itself is reported after its end, and one that is ended early at once", async () => {
    await endpoint(receiver.url, ["grant.ended"]);
    await put("acme");
    const [short, ended] = [await trial("acme", "sso", 1), await trial("acme", "epics", 9)];
    await changeTenant(services, "acme", ada, (f, _c, stamp) => endGrant(f as TenantFacts, { grant: ended }, stamp));
    await send();
    expect(receiver.received.map(({ data }) => data.grant?.id)).toEqual([ended]);
    services.clock.now += day + minute;
    await send();
    await send();
    expect(receiver.received.map(({ data }) => data.grant?.id)).toEqual([ended, short]);
  });

  test("a grant is announced the days before its end that the rules name, once", async () => {
    await endpoint(receiver.url, ["grant.ends_soon"]);
    await put("acme");
    const grant = await trial("acme", "sso", 10);
    await send();
    services.clock.now += 6 * day;
    await send();
    expect(receiver.received).toEqual([]);
    services.clock.now += day + minute;
    await send();
    await send();
    expect(receiver.received.map(({ data }) => data.grant?.id)).toEqual([grant]);
  });

  test("grants that end at one instant are read in bounded steps, each once", async () => {
    for (const key of ["a", "b", "c"]) {
      await put(key);
      for (const feature of ["sso", "epics"]) await trial(key, feature, 1);
    }
    const { db } = services;
    const to = services.clock.now + 2 * day;
    const steps: string[][] = [];
    for (let from = allEndsUpTo(services.clock.now); ; ) {
      const found = await grantsEndingBetween(db.read, db.tables, { from, to, size: 2 });
      steps.push(found.grants.map(({ tenant, grant }) => `${tenant} ${grant.feature}`).sort());
      from = found.to;
      if (from.tenant === null) break;
    }
    expect(steps).toEqual([["a epics", "a sso"], ["b epics", "b sso"], ["c epics", "c sso"], []]);
  });

  test("events of a tenant wait for the one that fails, and those of others do not", async () => {
    const { id } = await endpoint();
    receiver.answerWith((response, received) => (received.data.tenant?.key === "acme" ? status(500) : ok)(response, received));
    await put("acme", { plan: "starter" });
    await put("globex", { plan: "starter" });
    await send();
    await put("acme", { plan: "premium" });
    await put("globex", { plan: "premium" });
    await send();
    expect([typesOf("acme"), typesOf("globex")]).toEqual([["tenant.created"], ["tenant.created", "tenant.plan_changed"]]);
    receiver.answerWith(ok);
    services.clock.now += minute;
    await send();
    expect(typesOf("acme")).toEqual(["tenant.created", "tenant.created", "tenant.plan_changed"]);
    const [first, second] = receiver.received.filter(({ data, type }) => data.tenant?.key === "acme" && type === "tenant.created");
    expect(first?.headers["webhook-id"]).toBe(second?.headers["webhook-id"]);
    expect((await logOf(id)).map(({ state }) => state)).toEqual(["delivered", "delivered", "delivered", "delivered"]);
  });

  test("an endpoint that fails for three days is disabled with a notice, and goes on where it stopped", async () => {
    const { id } = await endpoint();
    receiver.answerWith(status(503));
    await put("acme");
    for (let hours = 0; hours < 80 && (await stateOf(id)).state === "enabled"; hours++) {
      await send();
      services.clock.now += hour;
    }
    const reason = "Deliveries failed for three days. The last time: The receiver answered 503.";
    expect(await stateOf(id)).toEqual({ state: "disabled", reason });
    const { notices } = await readNotices(services, "nobody", {});
    expect(notices.map(({ kind, about }) => [kind, about])).toEqual([["webhook_disabled", id]]);
    expect(notices[0]?.text).toBe(`The webhook to 127.0.0.1:${receiver.port} was disabled. ${reason}`);
    const sent = receiver.received.length;
    await send();
    expect(receiver.received.length).toBe(sent);
    receiver.answerWith(ok);
    await enableEndpoint(services, ada, id);
    await send();
    expect((await logOf(id)).map(({ type, state }) => [type, state])).toEqual([["tenant.created", "delivered"]]);
  });

  test("an endpoint that answers 410 is disabled at once", async () => {
    const { id } = await endpoint();
    receiver.answerWith(status(410));
    await put("acme");
    await put("globex");
    await send();
    expect(await stateOf(id)).toEqual({ state: "disabled", reason: "The receiver answered 410: it wants no more events." });
    expect((await readNotices(services, "nobody", {})).notices.length).toBe(1);
  });

  test("a receiver that hangs is given up after the timeout, and gets the event again", async () => {
    const { id } = await endpoint();
    receiver.answerWith(hang);
    await put("acme");
    await services.webhooks.feed.pass();
    const { db, now, elapsed, log } = services;
    const parts = { db, now, elapsed, log, allowedHosts: ["127.0.0.1"], publicUrl: null, holder: "quick" };
    const sender = createWebhookSender({ ...parts, timeoutMs: 100 });
    await sender.pass();
    expect((await logOf(id)).map(({ state, attempts, error }) => [state, attempts, error])).toEqual([
      ["pending", 1, "There was no answer within 0.1 seconds."],
    ]);
    receiver.answerWith(ok);
    services.clock.now += minute;
    await sender.pass();
    await sender.stop();
    expect(typesOf("acme")).toEqual(["tenant.created", "tenant.created"]);
  });

  test("a receiver that redirects to a private address is not followed", async () => {
    const other = await startReceiver();
    const { id } = await endpoint();
    receiver.answerWith(status(302, { location: other.url }));
    await put("acme");
    await send();
    expect(other.received).toEqual([]);
    expect((await logOf(id)).map(({ error }) => error)).toEqual(["The receiver answered 302. Redirects are not followed."]);
    await other.close();
  });

  test("after many failures an endpoint gets one request, then a pause", async () => {
    await endpoint();
    receiver.answerWith(status(500));
    for (let i = 0; i < 30; i++) await put(`t${i}`);
    await send();
    const first = receiver.received.length;
    expect(first).toBeLessThan(12);
    await send();
    expect(receiver.received.length).toBe(first);
  });

  test("after a rotation both secrets verify, until the old one ends", async () => {
    const { id, secret } = await endpoint();
    const rotated = await rotateSecret(services, ada, id, hour);
    if (!rotated.ok) throw new Error(rotated.message);
    await put("acme");
    await send();
    const [one] = receiver.received;
    expect([secret, rotated.secret].map((by) => one && isSignedBy(by, one))).toEqual([true, true]);
    await services.db.transaction([], async (tx) => {
      await tx.update(services.db.tables.webhookEndpoints).set({ oldSecretEndsAt: new Date(services.now()) });
    });
    await put("globex");
    await send();
    const two = receiver.received[1];
    expect([secret, rotated.secret].map((by) => two && isSignedBy(by, two))).toEqual([false, true]);
    const stored = await findEndpoint(services.db.read, services.db.tables, id);
    expect([stored?.secret, stored?.oldSecret, stored?.oldSecretEndsAt]).toEqual([rotated.secret, null, null]);
  });

  test("a test and an event that is sent again go out beside the others, also to a disabled endpoint", async () => {
    const { id, secret } = await endpoint();
    await put("acme");
    await send();
    await disableEndpoint(services, ada, id);
    const [line] = await logOf(id);
    await testEndpoint(services, ada, id);
    await sendAgain(services, ada, id, line?.seq ?? 0);
    await send();
    expect(receiver.received.map(({ type }) => type).sort()).toEqual(["tenant.created", "tenant.created", "webhook.test"]);
    expect(receiver.received.every((one) => isSignedBy(secret, one))).toBe(true);
    const ids = receiver.received.filter(({ type }) => type === "tenant.created").map(({ headers }) => headers["webhook-id"]);
    expect(new Set(ids).size).toBe(1);
  });

  test("a delivery that is skipped lets the next one of its tenant go", async () => {
    const { id } = await endpoint();
    receiver.answerWith(status(400));
    await put("acme");
    await put("acme", { status: "suspended" });
    await send();
    const [, first] = await logOf(id);
    receiver.answerWith(ok);
    expect(await skipDelivery(services, ada, id, first?.seq ?? 0)).toEqual({ ok: true });
    await send();
    expect((await logOf(id)).map(({ type, state }) => [type, state])).toEqual([
      ["tenant.status_changed", "delivered"],
      ["tenant.created", "skipped"],
    ]);
  });

  test("an endpoint that is enabled after its first delivery was deleted goes on with the next one", async () => {
    const { id } = await endpoint();
    receiver.answerWith(status(410));
    await put("acme");
    await put("acme", { status: "suspended" });
    await send();
    const { db } = services;
    const [, first] = await logOf(id);
    await db.transaction([], async (tx) => {
      await tx.delete(db.tables.webhookDeliveries).where(eq(db.tables.webhookDeliveries.seq, first?.seq ?? 0));
    });
    receiver.answerWith(ok);
    await enableEndpoint(services, ada, id);
    await send();
    expect((await logOf(id)).map(({ type, state }) => [type, state])).toEqual([["tenant.status_changed", "delivered"]]);
  });

  test("a tenant's next delivery goes out after the first one was deleted with age", async () => {
    const { id } = await endpoint();
    await put("acme");
    await services.webhooks.feed.pass();
    services.clock.now += 20 * day;
    await put("acme", { status: "suspended" });
    await services.webhooks.feed.pass();
    services.clock.now += 11 * day;
    await services.cleaning.clean();
    await send();
    expect((await logOf(id)).map(({ type, state }) => [type, state])).toEqual([["tenant.status_changed", "delivered"]]);
  });

  test("after a standstill, changes of a tenant and ends of its grants are sent in order", async () => {
    await endpoint();
    await put("acme");
    await trial("acme", "sso", 1);
    await trial("acme", "epics", 3);
    for (const form of [{ status: "suspended" }, { plan: "starter" }]) {
      services.clock.now += 2 * day;
      await put("acme", form);
    }
    await send();
    expect(typesOf("acme")).toEqual([
      "tenant.created",
      "grant.created",
      "grant.created",
      "grant.ended",
      "tenant.status_changed",
      "grant.ended",
      "tenant.plan_changed",
    ]);
  });

  test("no more than four manual deliveries to an endpoint run at the same time", async () => {
    const { id } = await endpoint();
    const open = { now: 0, most: 0, count: 0 };
    receiver.answerWith((response, received) => {
      open.count += 1;
      open.now += 1;
      open.most = Math.max(open.most, open.now);
      // Some end early, so that others could start while the rest is open.
      setTimeout(
        () => {
          open.now -= 1;
          ok(response, received);
        },
        open.count % 4 === 1 ? 10 : 200,
      );
    });
    for (let i = 0; i < 12; i++) await testEndpoint(services, ada, id);
    await send();
    expect([open.count, open.most]).toEqual([12, 4]);
  });

  test("Slack gets a sentence in which its markup is escaped", async () => {
    const { id } = await endpoint(receiver.url, all, "slack");
    await put("a<b", { name: "A & <B>", plan: "starter" });
    await send();
    expect(receiver.received.map(({ body, headers }) => [body, headers["webhook-signature"]])).toEqual([
      [JSON.stringify({ text: "A &amp; &lt;B&gt; was created on the plan starter." }), undefined],
    ]);
    expect(JSON.stringify(await readWebhook(services, id))).not.toContain('secret":');
  });
});
