import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { archivePlan, deletePlan, restorePlan } from "~/core/catalogue/plan-changes";
import { putTenant } from "~/core/decision/changes";
import type { TenantFacts } from "~/core/model";
import { groupProperties, propertiesValidUntil } from "~/core/posthog/group-properties";
import { cancelScheduled, type ScheduleForm, scheduleChange } from "~/core/schedules/schedule-changes";
import { day } from "~/core/time";
import { planHolders } from "~/server/catalogue/catalogue-pages.server";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { nextChangesOfAll } from "~/server/schedules/coming-rows.server";
import { listAudit } from "~db/store/audit.server";
import { inBatches } from "~db/store/changes.server";
import { tenantsScheduledFor } from "~db/store/scheduled-changes.server";
import { type Api, ada, startApi } from "../support/api";
import { addOn, feature, meteredFeature, plan, now as start } from "../support/facts";
import { until } from "../support/poll";
import { engines } from "../support/services";

const at = start + 10 * day;
const iso = (instant: number) => new Date(instant).toISOString();

describe.each(engines)("on %s", (engine) => {
  let api: Api;
  beforeEach(async () => {
    api = await startApi(engine);
    await api.catalogue(
      [feature("sso"), feature("audit"), meteredFeature("calls")],
      [plan("free", { calls: 1 }), plan("pro", { sso: true, calls: 10 }), addOn("more", { audit: true })],
    );
    await api.tenant("acme", { plan: "free" });
  });
  afterEach(() => api.stop());

  const schedule = (form: ScheduleForm, key = "acme", actor = ada) =>
    changeTenant(api.services, key, actor, (facts, catalogue, stamp) => scheduleChange(facts as TenantFacts, form, catalogue, stamp));
  const answerAt = async (instant: number, more = "") => {
    api.clock.now = instant;
    const response = await api.get(`/api/entitlements?tenant=acme${more}`);
    return { etag: response.headers.get("etag"), body: await response.json() };
  };
  const rowOf = async (key: string) => {
    const { db } = api.services;
    return (await db.read.select().from(db.tables.tenants)).find((row) => row.key === key);
  };
  const audited = async () => {
    const { db } = api.services;
    return listAudit(db.read, db.tables, { subjectKind: "tenant", subject: "acme" }, { size: 20 });
  };
  const archive = (key: string) => changeCatalogue(api.services, ada, (facts, stamp) => archivePlan(facts, key, stamp));

  test("a cached answer ends at the instant of a scheduled change, with another ETag, though no job ran", async () => {
    await schedule({ at, plan: "pro", addOns: { add: ["more"], remove: [] } });
    const before = await answerAt(at - 1);
    expect(before.body).toMatchObject({ plan: "free", validUntil: iso(at), entitlements: { sso: { entitled: false } } });
    const after = await answerAt(at);
    expect(after.body).toMatchObject({
      plan: "pro",
      entitlements: { sso: { entitled: true }, audit: { entitled: true }, calls: { limit: 10 } },
    });
    expect(after.body.revision).toBe(before.body.revision);
    expect(after.etag).not.toBe(before.etag);
    expect((await rowOf("acme"))?.plan).toBe("free");
  });

  test("an answer before the change is not sent as unmodified after it, nor is the tenant", async () => {
    const manage = api.keys.manage;
    await schedule({ at, plan: "pro" });
    const tags = [(await answerAt(at - 1)).etag, (await api.get("/api/tenants/acme", manage)).headers.get("etag")] as string[];
    const put = await api.send("PUT", "/api/tenants/acme", { metadata: { a: 1 } });
    tags.push(put.headers.get("etag") as string);
    api.clock.now = at;
    for (const tag of tags) {
      for (const path of ["/api/entitlements?tenant=acme", "/api/tenants/acme"]) {
        const answer = await api.get(path, path.includes("entitlements") ? api.keys.check : manage, { "if-none-match": tag });
        expect([path, answer.status]).toEqual([path, 200]);
      }
    }
    expect(await (await api.get("/api/tenants/acme", manage)).json()).toMatchObject({ plan: "pro" });
  });

  test("rows follow the answer, in the name of who scheduled it, and no answer changes by that", async () => {
    const grace = { kind: "api_key" as const, id: "key_1", name: "Billing" };
    await schedule({ at, plan: "pro", addOns: { add: ["more"], remove: [] }, note: "Contract" }, "acme", grace);
    await schedule({ at: at + day, status: "suspended" });
    const instants = [at - 1, at, at + 1, at + day - 1, at + day, at + day + 1];
    const before = new Map<number, unknown>();
    for (const instant of instants) before.set(instant, (await answerAt(instant)).body);
    api.clock.now = at;
    expect(await api.services.schedules.sweep()).toBe(1);
    expect(await rowOf("acme")).toMatchObject({ plan: "pro", status: "active" });
    for (const instant of instants.slice(1)) {
      const { revision: _, ...body } = (await answerAt(instant)).body;
      expect([instant, body]).toEqual([instant, { ...(before.get(instant) as object), revision: undefined, ...body }]);
      expect({ ...body, revision: 0 }).toEqual({ ...(before.get(instant) as object), revision: 0 });
    }
    api.clock.now = at + day + 5;
    expect(await api.services.schedules.sweep()).toBe(1);
    expect(await api.services.schedules.sweep()).toBe(0);
    expect(await rowOf("acme")).toMatchObject({ plan: "pro", status: "suspended" });
    const [last, first] = (await audited()).filter(({ action }) => action === "tenant.scheduled_change_applied");
    expect(first).toMatchObject({ actorName: "Billing", actorId: "key_1", why: "Contract", after: { plan: "pro" } });
    expect(last).toMatchObject({ actorName: "Ada", after: { status: "suspended" } });
    // History is true across the rows.
    for (const instant of instants) {
      const past = await (await api.get(`/api/entitlements?tenant=acme&at=${iso(instant)}`)).json();
      expect([instant, { ...past, revision: 0 }]).toEqual([instant, { ...(before.get(instant) as object), revision: 0 }]);
    }
  });

  test("the API shows a future instant with what is scheduled until then", async () => {
    await schedule({ at, plan: "pro" });
    const then = async (instant: number) => (await (await api.get(`/api/entitlements?tenant=acme&at=${iso(instant)}`)).json()).plan;
    expect([await then(at - 1), await then(at)]).toEqual(["free", "pro"]);
  });

  test("a change of a tenant begins from what is due, which is written first", async () => {
    await schedule({ at, plan: "pro" });
    api.clock.now = at;
    const saved = await changeTenant(api.services, "acme", ada, (facts, c, stamp) => putTenant(facts, "acme", { plan: "pro" }, c, stamp));
    expect(saved).toMatchObject({ ok: true, changed: false });
    await api.tenant("acme", { plan: "free" });
    expect((await answerAt(at)).body.plan).toBe("free");
    expect(
      (await audited()).map(({ action, before, after }) => [
        action,
        (before as { plan?: string })?.plan,
        (after as { plan?: string }).plan,
      ]),
    ).toEqual([
      ["tenant.plan_changed", "pro", "free"],
      ["tenant.scheduled_change_applied", "free", "pro"],
      ["tenant.change_scheduled", undefined, undefined],
      ["tenant.created", undefined, "free"],
    ]);
    expect((await rowOf("acme"))?.plan).toBe("free");
  });

  test("an import of tenants begins from what is due, which is written first", async () => {
    await schedule({ at, plan: "pro" });
    await api.tenant("other", { plan: "free" });
    await schedule({ at, plan: "pro" }, "other");
    api.clock.now = at;
    const importOf = async (plan: string) => {
      const file = `latchkey: 1\ntenants:\n  acme:\n    plan: ${plan}\n`;
      return api.send("POST", "/api/catalogue/import", file, api.keys.manage, { "content-type": "application/yaml" });
    };
    expect(await (await importOf("pro")).json()).toMatchObject({ changed: false });
    expect(await (await importOf("free")).json()).toMatchObject({ changed: true });
    expect((await answerAt(at)).body.plan).toBe("free");
    const actions = (await audited()).map(({ action }) => action);
    expect(actions.slice(0, 2)).toEqual([expect.stringContaining("tenant."), "tenant.scheduled_change_applied"]);
    expect(await api.services.schedules.sweep()).toBe(1);
    expect((await rowOf("other"))?.plan).toBe("pro");
  });

  test("two sweeps at once write a change once", async () => {
    await schedule({ at, plan: "pro" });
    api.clock.now = at;
    await Promise.all([api.services.schedules.sweep(), api.services.schedules.sweep()]);
    expect((await audited()).filter(({ action }) => action === "tenant.scheduled_change_applied").length).toBe(1);
  });

  test("a plan that is archived before its time makes a change impossible: no effect, a reason, and an audit row", async () => {
    await schedule({ at, plan: "pro" });
    api.clock.now = at - 2;
    await archive("pro");
    expect((await nextChangesOfAll(api.services)).rows).toMatchObject([{ state: "endangered", tenant: { key: "acme" } }]);
    const before = await answerAt(at);
    expect(before.body.plan).toBe("free");
    await api.services.schedules.sweep();
    expect({ ...(await answerAt(at)).body, revision: 0 }).toEqual({ ...before.body, revision: 0 });
    expect((await audited())[0]).toMatchObject({ action: "tenant.scheduled_change_refused", actorName: "Ada" });
    expect((await nextChangesOfAll(api.services)).rows).toMatchObject([{ state: "refused", words: "moves to pro" }]);
    // Restored later, it stays without effect until it is moved.
    await changeCatalogue(api.services, ada, (facts, stamp) => restorePlan(facts, "pro", stamp));
    expect((await answerAt(at + day)).body.plan).toBe("free");
    const id = (await nextChangesOfAll(api.services)).rows[0]?.id;
    await api.send("PATCH", `/api/tenants/acme/scheduled/${id}`, { at: iso(at + 2 * day) });
    expect((await answerAt(at + 2 * day)).body.plan).toBe("pro");
  });

  test.each([
    ["archived after its time", () => archive("pro")],
    [
      "restored after its time",
      async () => {
        await changeCatalogue(api.services, ada, (facts, stamp) => restorePlan(facts, "pro", stamp));
      },
    ],
  ])("a plan that is %s changes nothing about what took effect then, whether or not rows had followed", async (what, act) => {
    await schedule({ at, plan: "pro" });
    if (what.startsWith("restored")) {
      api.clock.now = at - 1;
      await archive("pro");
    }
    const { plan: before } = (await answerAt(at)).body;
    api.clock.now = at + 1;
    await act();
    expect((await answerAt(at + 1)).body.plan).toBe(before);
    await api.services.schedules.sweep();
    expect((await answerAt(at + 1)).body.plan).toBe(before);
    expect(before).toBe(what.startsWith("restored") ? "free" : "pro");
  });

  test("a plan that a scheduled change gives is not deleted until that is cancelled", async () => {
    await schedule({ at, plan: "pro" });
    const { db } = api.services;
    const remove = () =>
      changeCatalogue(api.services, ada, async (facts, stamp, tx) => deletePlan(facts, "pro", await planHolders({ db }, tx, "pro"), stamp));
    expect(await remove()).toMatchObject({ ok: false, code: "plan_in_use" });
    const id = (await nextChangesOfAll(api.services)).rows[0]?.id as string;
    await changeTenant(api.services, "acme", ada, (facts, _c, stamp) => cancelScheduled(facts as TenantFacts, { id }, stamp));
    expect(await remove()).toMatchObject({ ok: true, changed: true });
  });

  test("of many tenants that are scheduled to get a plan the next are named, and counting stops", async () => {
    await api.tenant("later", { plan: "free" });
    await schedule({ at: at + 1, plan: "pro" }, "later");
    await schedule({ at, plan: "pro" });
    await schedule({ at: at + 2, plan: "free" });
    await schedule({ at: at + 3, plan: "pro" });
    const { db } = api.services;
    const named = (size: number) => tenantsScheduledFor(db.read, db.tables, ["pro"], size);
    expect(await named(1)).toMatchObject({ count: 2, hasMore: false, first: [{ key: "acme" }] });
    expect(await named(20)).toMatchObject({ count: 2, hasMore: false, first: [{ key: "acme" }, { key: "later" }] });
    const rows = Array.from({ length: 10_000 }, (_, i) => ({ plan: "pro", change: `sc_${i}`, tenant: `t${i}`, at: new Date(at + day) }));
    await db.transaction([], (tx) => inBatches(rows, (batch) => tx.insert(db.tables.scheduledPlans).values(batch)));
    const many = await named(1);
    expect(many).toMatchObject({ hasMore: true, first: [{ key: "acme" }] });
    expect(many.count).toBeGreaterThan(9_990);
  });

  test("who listens to a tenant's changes is told at the instant", async () => {
    await schedule({ at, plan: "pro" });
    const told: unknown[] = [];
    const { stop } = await api.services.streams.watch("acme", (state) => told.push(state));
    api.clock.now = at;
    await until(
      async () => told.length > 0 || undefined,
      10_000,
      () => "nothing was told",
    );
    stop();
  });

  test("OpenFeature answers with the plan of the instant", async () => {
    await schedule({ at, plan: "pro" });
    api.clock.now = at;
    const context = { targetingKey: "u1", tenant: "acme" };
    const all = await (await api.send("POST", "/ofrep/v1/evaluate/flags", { context }, api.keys.check)).json();
    expect(all).toMatchObject({ metadata: { plan: "pro" } });
    const one = await (await api.send("POST", "/ofrep/v1/evaluate/flags/sso", { context }, api.keys.check)).json();
    expect(one).toMatchObject({ value: true, metadata: { plan: "pro" } });
  });

  test("a scheduled plan converts an ended trial from its instant on, before rows follow, and not a millisecond earlier", async () => {
    await api.trial("acme", "sso", start + day);
    await schedule({ at, plan: "pro" });
    const outcomeAt = async (instant: number) => {
      api.clock.now = instant;
      await api.services.trials.sweep();
      const { db } = api.services;
      return (await db.read.select().from(db.tables.trialOutcomes)).map(({ outcome }) => outcome);
    };
    expect(await outcomeAt(at - 1)).toEqual(["open"]);
    // Written into a row just before, so that only the clock decides.
    await api.tenant("acme", { name: "Acme 2" });
    expect(await outcomeAt(at)).toEqual(["converted"]);
  });

  test("PostHog receives the plan of the instant", async () => {
    await schedule({ at, plan: "pro" });
    const { facts } = await api.services.facts.tenant("acme");
    const propertiesAt = (instant: number) => groupProperties(facts as TenantFacts, api.services.facts.catalogue(), instant, []);
    expect([propertiesAt(at - 1).plan, propertiesAt(at).plan]).toEqual(["free", "pro"]);
    expect(propertiesValidUntil(facts as TenantFacts, at - 1)).toBe(at);
  });

  test("a usage event is counted against the plan of its instant", async () => {
    const usage = await api.keyFor("usage");
    await schedule({ at, plan: "pro" });
    api.clock.now = at;
    const consumed = await api.send("POST", "/api/usage/consume", { tenant: "acme", feature: "calls", quantity: 5 }, usage);
    expect(await consumed.json()).toMatchObject({ consumed: true, entitlement: { limit: 10, reason: { message: "Part of pro." } } });
  });
});
