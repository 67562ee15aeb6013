import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createKey } from "~/server/keys/api-keys.server";
import { type Api, ada, startApi } from "../support/api";
import { meteredFeature, now, plan } from "../support/facts";
import { engines } from "../support/services";

const second = 1000;

describe.each(engines)("who sent usage (%s)", (engine) => {
  let api: Api;
  beforeAll(async () => {
    api = await startApi(engine);
    await api.catalogue([meteredFeature("calls"), meteredFeature("seats")], [plan("starter", { calls: 1000, seats: 5 })]);
  });
  afterAll(() => api.stop());

  const key = (name: string) => createKey(api.services, ada, { name, scopes: ["usage"], expiresAt: null });
  const iso = (at: number) => new Date(at).toISOString();
  const report = async (key: string, ...events: object[]) => {
    const answer = await api.send("POST", "/api/usage", { events }, key);
    return (await answer.json()).results.map(({ status }: { status: string }) => status);
  };
  const usage = async (tenant: string, feature?: string) => {
    const query = feature === undefined ? "" : `?feature=${feature}`;
    return (await api.get(`/api/tenants/${tenant}/usage${query}`, api.keys.manage)).json();
  };
  const consumptionOf = async (tenant: string, feature: string) =>
    (await usage(tenant)).consumption.find((c: { feature: string }) => c.feature === feature);

  test("each event and each consumption is kept with the key that sent it, also of a batch that several keys share", async () => {
    await api.tenant("acme", { name: "Acme", plan: "starter" });
    const [meter, billing] = [await key("Meter"), await key("Billing")];
    const event = (idempotencyKey: string, more: object = {}) => ({ tenant: "acme", feature: "calls", idempotencyKey, ...more });
    await Promise.all([report(meter.key, event("a")), report(billing.key, event("b")), report(meter.key, event("c"))]);
    await Promise.all(
      [meter, billing].map(({ key }) => api.send("POST", "/api/usage/consume", { tenant: "acme", feature: "calls", quantity: 2 }, key)),
    );
    const { usageEvents } = api.services.db.tables;
    const rows = await api.services.db.read.select().from(usageEvents).where(eq(usageEvents.tenant, "acme"));
    const sender = new Map(rows.map((row) => [row.idempotencyKey, row.apiKey]));
    expect([sender.get("a"), sender.get("b"), sender.get("c")]).toEqual([meter.id, billing.id, meter.id]);
    expect(rows.map(({ apiKey }) => apiKey).sort()).toEqual([meter.id, meter.id, meter.id, billing.id, billing.id].sort());

    const { events, consumption } = await usage("acme", "calls");
    expect(consumption).toHaveLength(1);
    expect(events).toHaveLength(5);
    expect(events).toContainEqual({
      ...{ time: iso(now), recordedAt: iso(now), action: "add", quantity: 1, added: 1, idempotencyKey: "b" },
      apiKey: { id: billing.id, name: "Billing" },
    });
    expect(events).toContainEqual({
      ...{ time: iso(now), recordedAt: iso(now), action: "consume", quantity: 2, added: 2, idempotencyKey: null },
      apiKey: { id: meter.id, name: "Meter" },
    });
    expect(await usage("acme")).not.toHaveProperty("events");
  });

  test("a counter names the key of its newest set by time, whatever arrives later, also after its events are deleted", async () => {
    await api.tenant("setters", { name: "Setters", plan: "starter" });
    const [seats, intruder] = [await key("Seats"), await key("Intruder")];
    const set = (quantity: number, time: number, idempotencyKey: string) => ({
      ...{ tenant: "setters", feature: "seats", action: "set", quantity, time: iso(time), idempotencyKey },
    });
    expect(await consumptionOf("setters", "seats")).toMatchObject({ setAt: null, setBy: null });
    await report(seats.key, set(4, now - 60 * second, "1"));
    expect(await consumptionOf("setters", "seats")).toMatchObject({ used: 4, setAt: iso(now - 60 * second), setBy: { id: seats.id } });
    await report(intruder.key, set(0, now - 30 * second, "2"));
    expect(await report(seats.key, set(3, now - 90 * second, "3"))).toEqual(["superseded"]);
    await report(seats.key, { tenant: "setters", feature: "seats", idempotencyKey: "4" });
    const trace = { used: 1, setAt: iso(now - 30 * second), setBy: { id: intruder.id, name: "Intruder" } };
    expect(await consumptionOf("setters", "seats")).toMatchObject(trace);
    const { db } = api.services;
    await db.transaction([], async (tx) => void (await tx.delete(db.tables.usageEvents)));
    expect(await consumptionOf("setters", "seats")).toMatchObject(trace);
  });

  test("of sets with the same time in one batch the last one is named", async () => {
    await api.tenant("ties", { name: "Ties", plan: "starter" });
    const [first, second] = [await key("First"), await key("Second")];
    const set = (idempotencyKey: string) => ({
      ...{ tenant: "ties", feature: "seats", action: "set", quantity: 1, time: iso(now), idempotencyKey },
    });
    await report(first.key, set("1"));
    await report(second.key, set("2"));
    expect(await consumptionOf("ties", "seats")).toMatchObject({ setBy: { id: second.id } });
  });
});
