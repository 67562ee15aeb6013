import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { updateFeature } from "~/core/catalogue/feature-changes";
import { putTenant, type TenantForm } from "~/core/decision/changes";
import type { CountsChoice, Instant, ResetPeriod } from "~/core/model";
import { day, hour, isoTime, minute } from "~/core/time";
import { exportCatalogue } from "~/server/catalogue/export.server";
import { applyImport, readCatalogueFile } from "~/server/catalogue/import.server";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { decideWindow } from "~/server/facts/window-decisions.server";
import { readConsumption } from "~/server/tenants/tenant-consumption.server";
import { withHistory } from "~/server/tenants/tenant-usage-parts.server";
import { findAct, undoAct } from "~/server/undo/undo.server";
import { usageLevelsOf } from "~/server/usage/usage-levels.server";
import { listAuditHeads } from "~db/store/audit.server";
import { type Api, ada, startApi } from "./support/api";
import { meteredFeature, plan } from "./support/facts";
import { figuresByBruteForce, storedFigures } from "./support/figures-oracle";
import { engines, startServices } from "./support/services";

/** Thursday, 3 December 2026, 10:20. */
const start = Date.UTC(2026, 11, 3, 10, 20);

describe.each(engines)("a changed reset period on %s", (engine) => {
  let api: Api;
  let key: string;
  beforeEach(async () => {
    api = await startApi(engine);
    api.clock.now = start;
    key = await api.keyFor("usage", "check");
    await api.catalogue([meteredFeature("calls"), meteredFeature("jobs")], [plan("starter", { calls: 1_000, jobs: 5 })]);
    await put("acme");
  });
  afterEach(() => api.stop());

  let n = 0;
  type Sent = { tenant?: string; quantity?: number; action?: "add" | "set"; at?: Instant };
  const report = async ({ tenant = "acme", quantity = 1, action = "add", at }: Sent) => {
    const time = at === undefined ? undefined : isoTime(at);
    const event = { tenant, feature: "calls", action, quantity, time, idempotencyKey: `k${n++}` };
    const answer = await api.send("POST", "/api/usage", { events: [event] }, key);
    return (await answer.json()).results[0];
  };
  const consume = async (quantity: number, tenant = "acme") =>
    (await api.send("POST", "/api/usage/consume", { tenant, feature: "calls", quantity }, key)).json();
  const put = (tenant: string, form: TenantForm = {}) =>
    changeTenant(api.services, tenant, ada, (facts, c, stamp) => putTenant(facts, tenant, { plan: "starter", ...form }, c, stamp));
  const entry = async (tenant = "acme", more = "") =>
    (await (await api.get(`/api/entitlements?tenant=${tenant}&feature=calls${more}`, key)).json()).entitlements.calls;
  const used = async (tenant = "acme", more = "") => (await entry(tenant, more)).used;
  const resetPer = async (resetPeriod: ResetPeriod, counts?: CountsChoice) => {
    api.clock.now += 1;
    const answer = await api.send("PUT", "/api/features/calls", { meter: { resetPeriod }, counts });
    expect(answer.status).toBe(200);
    return answer.json();
  };
  /** `back`: 0 is the newest act on the feature. */
  const undo = async (feature: string, back: number) => {
    api.clock.now += 1;
    const { db } = api.services;
    const acts = await listAuditHeads(db.read, db.tables, { subjectKind: "feature", subject: feature }, { size: back + 1 });
    const found = await findAct(api.services, acts[back]?.seq ?? 0);
    if (!found?.ok) throw new Error("The act is not found.");
    expect(await undoAct(api.services, ada, found)).toMatchObject({ ok: true });
  };
  const undoNewest = () => undo("calls", 0);

  test.each<[ResetPeriod, ResetPeriod]>([
    ["month", "day"],
    ["day", "month"],
    ["never", "day"],
    ["day", "never"],
    ["month", "hour"],
    ["hour", "year"],
    ["week", "month"],
  ])("from %s to %s carries what each tenant used in its current period, and so does the change back", async (from, to) => {
    await resetPer(from);
    await put("anchored", { usageAnchor: start - 400 * day - 17 * minute });
    for (const tenant of ["acme", "anchored"]) await report({ tenant, quantity: 7 });
    await resetPer(to, "carry");
    for (const tenant of ["acme", "anchored"]) {
      expect([tenant, await used(tenant)]).toEqual([tenant, 7]);
      expect(await report({ tenant, quantity: 2 })).toMatchObject({ status: "recorded", used: 9 });
      expect([tenant, await used(tenant)]).toEqual([tenant, 9]);
    }
    await resetPer(from, "carry");
    for (const tenant of ["acme", "anchored"]) expect([tenant, await used(tenant)]).toEqual([tenant, 9]);
    await report({ quantity: -4 });
    expect(await used()).toBe(5);
  });

  test("begins at zero unless the change says otherwise, also back to a period that has counts", async () => {
    await report({ quantity: 7 });
    await resetPer("day");
    expect(await used()).toBe(0);
    await report({ quantity: 2 });
    await resetPer("month", "zero");
    expect(await used()).toBe(0);
    await report({ quantity: 3 });
    await resetPer("never", "carry");
    expect(await used()).toBe(3);
  });

  test("ends with the first natural period, and shows natural periods", async () => {
    await report({ quantity: 7 });
    await resetPer("day", "carry");
    expect(await entry()).toMatchObject({ used: 7, resetsAt: isoTime(Date.UTC(2026, 11, 4)) });
    api.clock.now = Date.UTC(2026, 11, 4);
    expect(await used()).toBe(0);
    await report({ quantity: 2 });
    await resetPer("month", "carry");
    expect(await used()).toBe(2);
  });

  test("keeps negative sums, more than can be shown, and the newest set", async () => {
    for (const tenant of ["minus", "much", "set"]) await put(tenant);
    const most = Number.MAX_SAFE_INTEGER;
    await report({ tenant: "minus", quantity: -5 });
    for (let i = 0; i < 3; i++) await report({ tenant: "much", quantity: most });
    await report({ tenant: "set", quantity: 40, action: "set" });
    api.clock.now += 1_000;
    await resetPer("day", "carry");
    expect([await used("minus"), await used("much"), await used("set")]).toEqual([0, most, 40]);
    await report({ tenant: "minus", quantity: 8 });
    for (let i = 0; i < 2; i++) await report({ tenant: "much", quantity: -most });
    expect([await used("minus"), await used("much")]).toEqual([3, most]);
    expect(await report({ tenant: "set", quantity: 3, at: start - 1 })).toMatchObject({ status: "superseded", used: 40 });
    await report({ tenant: "set", quantity: 3, at: start + 1 });
    expect(await used("set")).toBe(43);
    await report({ tenant: "set", quantity: 10, action: "set" });
    expect(await used("set")).toBe(10);
    await resetPer("hour", "carry");
    expect(await used("set")).toBe(10);
  });

  test("late events count in the period of their own time and in what is carried from it", async () => {
    await report({ quantity: 3 });
    api.clock.now += hour;
    await resetPer("day", "carry");
    const resetsAt = isoTime(Date.UTC(2027, 0, 1));
    expect(await report({ quantity: 10, at: start - day })).toMatchObject({ used: 13, resetsAt });
    expect(await used()).toBe(13);
    // Of the month before.
    expect(await report({ quantity: 50, at: start - 5 * day })).toMatchObject({ used: 50 });
    expect(await used()).toBe(13);
    await report({ quantity: 20, action: "set", at: start - 2 * day });
    expect(await used()).toBe(20 + 3 + 10);
  });

  test("consumption at the limit counts what is carried, and exactly as much as there is is granted", async () => {
    await report({ quantity: 990 });
    await resetPer("day", "carry");
    const answers = await Promise.all(Array.from({ length: 15 }, () => consume(1)));
    expect(answers.filter(({ consumed }) => consumed)).toHaveLength(10);
    expect(answers.find(({ consumed }) => !consumed)?.entitlement).toMatchObject({ used: 1_000, remaining: 0 });
    expect(await used()).toBe(1_000);
    await report({ quantity: -5, at: start });
    expect(await consume(6)).toMatchObject({ consumed: false });
    expect(await consume(5)).toMatchObject({ consumed: true, entitlement: { used: 1_000, remaining: 0 } });
    await report({ quantity: 2, action: "set" });
    expect(await consume(3)).toMatchObject({ consumed: true, entitlement: { used: 5 } });
  });

  test("answers of the past have the totals of their time on both sides of the change", async () => {
    await report({ quantity: -3 });
    await report({ quantity: 10 });
    api.clock.now = start + minute;
    await resetPer("day", "carry");
    await report({ quantity: 2 });
    api.clock.now = start + 2 * minute;
    await report({ quantity: 100, action: "set" });
    api.clock.now = start + 3 * minute;
    await report({ quantity: 1, at: start });
    await resetPer("never", "carry");
    await report({ quantity: -4 });
    api.clock.now = start + 4 * minute;
    const at = (minutes: number) => used("acme", `&at=${isoTime(start + minutes * minute + 1_000)}`);
    expect([await at(0), await at(1), await at(2), await at(3)]).toEqual([7, 9, 100, 96]);
  });

  test("an undo loses nothing that was counted, and its undo begins at zero again", async () => {
    await report({ quantity: 7 });
    await resetPer("day", "zero");
    await report({ quantity: 2 });
    await undoNewest();
    expect(await entry()).toMatchObject({ used: 9, resetPeriod: "month" });
    await report({ quantity: 1 });
    await undoNewest();
    expect(await entry()).toMatchObject({ used: 3, resetPeriod: "day" });
    await undoNewest();
    expect(await entry()).toMatchObject({ used: 10, resetPeriod: "month" });
  });

  test("a feature whose change was undone can be archived by an undo of its creation", async () => {
    const meter = { resetPeriod: "month" };
    for (const sent of [{ type: "metered", meter }, { meter: { resetPeriod: "day" } }]) {
      api.clock.now += 1;
      expect((await api.send("PUT", "/api/features/new", sent)).ok).toBe(true);
    }
    await undo("new", 0);
    await undo("new", 2);
    expect(api.services.facts.catalogueFacts().features.find(({ key }) => key === "new")?.archivedAt).not.toBeNull();
  });

  test("an import without a choice begins at zero, and one of an export changes nothing", async () => {
    await report({ quantity: 4 });
    const exported = await exportCatalogue(api.services, { tenants: false, format: "yaml" });
    const text = typeof exported === "string" ? exported : await new Response(exported as BodyInit).text();
    const imported = async (yaml: string) => {
      const file = readCatalogueFile("catalogue.yaml", yaml);
      if (!file.ok) throw new Error("The file is not read.");
      return applyImport(api.services, file, ada);
    };
    expect(await imported(text)).toMatchObject({ ok: true, changed: false });
    await resetPer("day", "carry");
    api.clock.now += 1;
    expect(await imported(text)).toMatchObject({ ok: true, changed: true });
    expect(await entry()).toMatchObject({ used: 0, resetPeriod: "month" });
  });

  test("a choice without a change of the period is ignored, of another type of feature refused, and unknown refused", async () => {
    await report({ quantity: 4 });
    expect(await resetPer("month", "zero")).not.toHaveProperty("periodChanges");
    expect(await used()).toBe(4);
    const changed = await resetPer("day", "carry");
    expect(Object.keys(changed)).not.toContain("periodChanges");
    await resetPer("day", "zero");
    for (const act of ["archive", "restore"]) await api.send("POST", `/api/features/calls/${act}`);
    await changeCatalogue(api.services, ada, (facts, stamp) => updateFeature(facts, "calls", { name: "Requests" }, stamp));
    expect(await used()).toBe(4);
    const problem = async (feature: string, body: object) => {
      const refused = await api.send("PUT", `/api/features/${feature}`, body);
      return [refused.status, (await refused.json()).field];
    };
    expect(await problem("calls", { meter: { resetPeriod: "day" }, counts: "keep" })).toEqual([400, "counts"]);
    expect(await problem("other", { counts: "carry" })).toEqual([422, "counts"]);
  });

  test("a further change is refused while counts depend on the last 12", async () => {
    for (let i = 0; i < 12; i++) await resetPer(i % 2 ? "month" : "day", "carry");
    const refused = await api.send("PUT", "/api/features/calls", { meter: { resetPeriod: "year" } });
    expect([refused.status, (await refused.json()).code]).toEqual([409, "period_changes_full"]);
    const sharing = await api.send("PUT", "/api/features/calls", { meter: { resetPeriod: "month", soft: true } });
    expect(sharing.status).toBe(200);
  });

  test("every other reader of totals shows what a check does", async () => {
    await put("set");
    await report({ quantity: 700 });
    await report({ tenant: "set", quantity: 900, action: "set" });
    api.clock.now += hour;
    await resetPer("day", "carry");
    for (const tenant of ["acme", "set"]) await report({ tenant, quantity: 50 });
    const { services } = api;
    const [now, catalogue] = [services.now(), services.facts.catalogue()];
    const levels = await usageLevelsOf({ db: services.db, catalogue, now }, ["acme", "set"]);
    expect(levels.get("acme")).toMatchObject([{ used: 750, previous: 0, setAt: null }]);
    expect(levels.get("set")).toMatchObject([{ used: 950, previous: 0, setAt: start }]);
    const window = await decideWindow(services, ["acme"], [...catalogue.features.values()]);
    expect(window.get("acme")?.decisions.map(({ amount }) => amount?.used)).toEqual([750, 0]);
    const tenant = (await services.facts.tenant("set")).facts;
    if (!tenant) throw new Error("The tenant is missing.");
    const { consumption, events } = await readConsumption(services, tenant, now, { feature: "calls", only: true });
    expect(consumption).toMatchObject([{ used: 950, setAt: start }]);
    expect(events.map(({ action, quantity }) => [action, quantity])).toEqual([
      ["add", 50],
      ["set", 900],
    ]);
    const [row] = await withHistory(services, tenant, now, consumption);
    expect(row?.history.at(-1)).toEqual({ start: Date.UTC(2026, 11, 3), used: 950 });
    expect(row?.history.map(({ used }) => used).reduce((a, b) => a + b)).toBe(950);
    await services.figures.pass();
    expect(await storedFigures(services)).toEqual(await figuresByBruteForce(services));
  });

  test("counts each event that arrives while it changes exactly once", async () => {
    const tenants = Array.from({ length: 6 }, (_, i) => `p${i}`);
    for (const tenant of tenants) await put(tenant);
    const some = () => tenants.flatMap((tenant) => [report({ tenant }), consume(1, tenant), report({ tenant })]);
    const sending: Promise<unknown>[] = some();
    for (const to of ["day", "never", "month", "hour"] as const) {
      sending.push(...some(), resetPer(to, "carry"), ...some());
      await new Promise(setImmediate);
    }
    await Promise.all(sending);
    for (const tenant of tenants) expect(await used(tenant)).toBe(27);
  });

  test("another process counts with the change at once, and shows it when it has followed", async () => {
    const other = await startServices(engine, { url: api.services.url });
    try {
      other.clock.now = start;
      await report({ quantity: 4 });
      await other.checks.preview("acme", ["calls"]);
      await resetPer("day", "carry");
      await report({ quantity: 2 });
      await report({ quantity: 3, at: start - 1 });
      other.clock.now = api.clock.now;
      await other.usage.follow();
      const { body } = await other.checks.preview("acme", ["calls"]);
      expect(body.entitlements.calls).toMatchObject({ used: 9, resetPeriod: "day" });
    } finally {
      await other.stop();
    }
  });
});
