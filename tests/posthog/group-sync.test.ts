import { eq } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { day, hour } from "~/core/time";
import { chooseMetadata } from "~/server/posthog/groups/metadata-choice.server";
import { resyncProgress } from "~/server/posthog/groups/resync-progress.server";
import { resyncAll, resyncNamed, resyncTenants } from "~/server/posthog/jobs/resync.server";
import { listAudit } from "~db/store/audit.server";
import { deleteSetting } from "~db/store/settings.server";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { addOn, feature, now, plan } from "../support/facts";
import { ada, type SyncWorld, settingsFor, startSync } from "../support/group-sync";
import { until } from "../support/poll";
import { engines } from "../support/services";

const features = [feature("sso"), feature("search")];
const plans = [plan("starter", {}, { name: "Starter" }), plan("pro", { sso: true }, { name: "Pro", rank: 20 }), addOn("boost")];

let fake: FakePosthog;
let w: SyncWorld;

const iso = (at: number) => new Date(at).toISOString();
const sent = (key = "acme") => fake.state.groups.get("organization")?.get(key)?.properties;
const auditHeads = (action: string) => listAudit(w.db.read, w.db.tables, { action }, { size: 10 });
/** May do everything, also in a job. */
const cli = { ...ada, kind: "cli" as const };
const identified = () => fake.state.events.filter((e) => e.event === "$groupidentify");

describe.each(engines)("group sync on %s", (engine) => {
  beforeEach(async () => {
    fake = await startFakePosthog();
    w = await startSync(engine, fake);
    await w.catalogue(features, plans);
  });
  afterEach(async () => {
    await w.stop();
    await fake.close();
    expect(fake.state.violations).toEqual([]);
  });

  test("a tenant's group has its key, name, plan and rank, add-ons, status, live trials with their ends, and when it was made", async () => {
    await w.tenant("acme", { name: "Acme", plan: "pro", addOns: ["boost"] });
    await w.trial("acme", "search", { endsAt: now + 14 * day });
    await w.settle();
    expect(sent()).toEqual({
      name: "Acme",
      tenant_key: "acme",
      status: "active",
      has_plan: true,
      plan: "pro",
      plan_name: "Pro",
      plan_rank: 20,
      has_add_ons: true,
      add_ons: ["boost"],
      has_trial: true,
      live_trials: ["search"],
      live_trial_ends: [`search ${iso(now + 14 * day)}`],
      next_trial_end: iso(now + 14 * day),
      created_at: iso(now),
    });
    const [event] = identified();
    expect(event).toMatchObject({ distinct_id: "$organization_acme", timestamp: iso(now) });
    expect(event?.uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(event?.properties).not.toHaveProperty("$process_person_profile");
  });

  test("each change arrives once, and a change that alters nothing PostHog knows is not sent", async () => {
    await w.tenant("acme", { name: "Acme" });
    await w.settle();
    await w.tenant("acme", { status: "suspended" });
    await w.settle();
    expect(sent()).toMatchObject({ status: "suspended" });
    expect(identified()).toHaveLength(2);
    await w.tenant("acme", { metadata: { secret: "stays here" } });
    await w.settle();
    expect(identified()).toHaveLength(2);
    expect(JSON.stringify(fake.state.events)).not.toContain("stays here");
    expect(await w.db.read.select().from(w.db.tables.outbox)).toEqual([]);
  });

  test("a plan that gets another name reaches every tenant that has it, and nobody else is sent again", async () => {
    const keys = Array.from({ length: 620 }, (_, i) => `t${i}`);
    await w.tenants(keys, (key) => ({ plan: Number(key.slice(1)) % 2 === 0 ? "pro" : "starter" }));
    await w.settle();
    const before = identified().length;
    expect(before).toBe(620);
    await w.catalogue(features, [plan("starter", {}, { name: "Starter" }), plan("pro", { sso: true }, { name: "Professional", rank: 20 })]);
    await w.settle();
    expect(identified()).toHaveLength(before + 310);
    expect(keys.every((key, i) => sent(key)?.plan_name === (i % 2 === 0 ? "Professional" : "Starter"))).toBe(true);
  });

  test("a trial that starts later shows from its start on, and is gone at its end, by the clock alone", async () => {
    await w.tenant("acme", { plan: "starter" });
    await w.trial("acme", "sso", { startsAt: now + hour, endsAt: now + 2 * hour });
    await w.settle();
    w.clock.now = now + hour - 1;
    await w.settle();
    expect(sent()).toMatchObject({ has_trial: false });
    expect(sent()).not.toHaveProperty("live_trials");
    w.clock.now = now + hour;
    await w.settle();
    expect(sent()).toMatchObject({ has_trial: true, live_trials: ["sso"], next_trial_end: iso(now + 2 * hour) });
    w.clock.now = now + 2 * hour - 1;
    await w.settle();
    expect(sent()).toMatchObject({ live_trials: ["sso"] });
    w.clock.now = now + 2 * hour;
    await w.settle();
    expect(sent()).toMatchObject({ has_trial: false, live_trials: "", live_trial_ends: "", next_trial_end: "" });
  });

  test("starts and ends of hours without any process are made up for, once, whichever of two processes is first", async () => {
    const keys = Array.from({ length: 1_200 }, (_, i) => `t${i}`);
    await w.tenants(keys, () => ({ plan: "starter" }));
    for (const key of keys.slice(0, 40)) await w.trial(key, "sso", { endsAt: now + hour });
    await w.settle();
    const before = identified().length;
    const other = await startSync(engine, fake, { url: w.url });
    try {
      w.clock.now = other.clock.now = now + 9 * hour;
      await Promise.all([w.settle(), other.settle()]);
      await Promise.all([w.settle(), other.settle()]);
    } finally {
      await other.stop();
    }
    expect(identified()).toHaveLength(before + 40);
    expect(keys.every((key) => sent(key)?.has_trial === false)).toBe(true);
  });

  test("only metadata that an admin chose leaves the house; what is no longer chosen, or gone, is sent as an empty text", async () => {
    await w.tenant("acme", { metadata: { seats: 3, region: "eu", note: "private" } });
    await w.tenant("umbrella", { metadata: {} });
    await w.settle();
    expect(JSON.stringify(fake.state.events)).not.toMatch(/seats|region|private/);
    await chooseMetadata(w.services, ada, ["seats", "region"]);
    await w.settle();
    expect(sent()).toMatchObject({ metadata_seats: 3, metadata_region: "eu" });
    expect(sent("umbrella")).toMatchObject({ has_metadata_seats: false });
    expect(sent("umbrella")).not.toHaveProperty("metadata_seats");
    await w.tenant("acme", { metadata: { seats: 4 } });
    await w.settle();
    expect(sent()).toMatchObject({ metadata_seats: 4, metadata_region: "", has_metadata_region: false });
    await chooseMetadata(w.services, ada, ["region"]);
    await w.settle();
    expect(sent()).toMatchObject({ metadata_seats: "", has_metadata_seats: "", metadata_region: "" });
    expect(JSON.stringify(fake.state.events)).not.toContain("private");
    expect(await listAudit(w.db.read, w.db.tables, { subjectKind: "settings" }, { size: 10 })).toMatchObject([
      { action: "posthog.metadata_chosen", before: { metadata: ["region", "seats"] }, after: { metadata: ["region"] } },
      { action: "posthog.metadata_chosen", before: { metadata: [] }, after: { metadata: ["region", "seats"] } },
    ]);
  });

  test("5,000 tenants go out in requests of 50, and a restart half-way goes on where it was", async () => {
    const keys = Array.from({ length: 5_000 }, (_, i) => `t${i}`);
    await w.tenants(keys, (key) => ({ name: key }));
    for (let i = 0; i < 40; i++) await w.sync.step();
    const before = identified().length;
    expect(before).toBeGreaterThanOrEqual(1_900);
    await w.sync.stop();
    const next = await startSync(engine, fake, { url: w.url });
    try {
      await next.settle();
    } finally {
      await next.stop();
    }
    expect(identified()).toHaveLength(5_000);
    expect(fake.state.requests["/batch/"]).toBe(100);
  });

  test("a resync of all sends everything once more, says how far it is, and takes changes of tenants in between", async () => {
    const keys = Array.from({ length: 500 }, (_, i) => `t${i}`);
    await w.tenants(keys, (key) => ({ name: key }));
    await w.settle();
    const before = identified().length;
    w.clock.now += 1_000;
    expect(await resyncAll(w.services, cli)).toMatchObject({ ok: true, job: { kind: "bulk", total: 500 } });
    const progress = () => resyncProgress(w.db.read, w.db.tables, w.clock.now);
    expect(await progress()).toMatchObject({ total: 500, done: 0, doneAt: null });
    await w.services.jobs.runAll();
    const queuedAt = w.clock.now;
    expect(await progress()).toMatchObject({ state: "done", done: 0, doneAt: null });
    w.clock.now += 1_000;
    for (let i = 0; i < 4; i++) await w.sync.step();
    expect(await progress()).toMatchObject({ done: 200, doneAt: null });
    expect(identified()).toHaveLength(before + 200);
    // Sent already or not, it is sent as it is now, and is no part of the resync.
    await w.tenant("t0", { name: "Changed" });
    await w.settle();
    expect(sent("t0")?.name).toBe("Changed");
    expect(await progress()).toMatchObject({ total: 500, done: 500, by: "Ada", doneAt: queuedAt });
    expect(identified().length - before - 500).toBeOneOf([0, 1]);
    expect(new Set(identified().map((e) => e.uuid)).size).toBe(identified().length);
    await w.tenant("t1", { name: "Later" });
    expect(await progress()).toMatchObject({ done: 500, doneAt: queuedAt });
    expect(await auditHeads("posthog.resync")).toEqual([]);
    expect((await auditHeads("posthog.resync_all")).map(({ changeSet }) => changeSet)).toEqual([(await progress())?.job]);
  });

  test("what the last batch of a resync queued still waits, however long the batch took", async () => {
    await w.tenants(["a"], (key) => ({ name: key }));
    await w.settle();
    await resyncAll(w.services, cli);
    let at = w.clock.now;
    Object.defineProperty(w.clock, "now", { get: () => ++at, configurable: true });
    await w.services.jobs.runAll();
    Object.defineProperty(w.clock, "now", { value: at, writable: true, configurable: true });
    expect(await resyncProgress(w.db.read, w.db.tables, at)).toMatchObject({ state: "done", done: 0, doneAt: null });
  });

  test("a resync of some sends these alone, those too that wait for their next try", async () => {
    await w.tenants(["a", "b", "c"], (key) => ({ name: key }));
    fake.state.mode.default = "500";
    await w.settle();
    fake.state.mode.default = "ok";
    expect(await resyncTenants(w.services, cli, ["a", "nobody"])).toEqual({ ok: true, job: null, tenants: 1 });
    w.clock.now += 1;
    await w.settle();
    expect(identified()[0]?.properties?.$group_key).toBe("a");
  });

  test("a resync of more than 50 is a job that queues each of them once, and an unknown one stops it before", async () => {
    const keys = Array.from({ length: 60 }, (_, i) => `t${i}`);
    await w.tenants(keys, (key) => ({ name: key }));
    await w.tenants(["other"], (key) => ({ name: key }));
    await w.settle();
    const before = identified().length;
    expect(await resyncNamed(w.services, cli, [...keys, "nobody"])).toMatchObject({ ok: false, code: "tenant_not_found" });
    expect(await resyncNamed(w.services, cli, keys)).toMatchObject({ ok: true, job: { kind: "bulk", total: 60, state: "queued" } });
    await w.settle();
    expect(identified()).toHaveLength(before);
    await w.services.jobs.runAll();
    await w.settle();
    const again = identified().slice(before);
    expect(again.map((e) => e.properties?.$group_key).sort()).toEqual([...keys].sort());
    expect(await auditHeads("posthog.resync")).toHaveLength(2);
    expect(await resyncProgress(w.db.read, w.db.tables, w.clock.now)).toBeNull();
  });

  test("a process that stops cuts its request off, gives way at once, and the next one sends it", async () => {
    fake.state.mode["/batch/"] = "silent";
    const slow = await startSync(engine, fake, { url: w.url, requestTimeout: 60_000 });
    await w.tenant("acme", { name: "Acme" });
    const settling = slow.settle();
    await until(
      async () => fake.state.requests["/batch/"] === 1 || undefined,
      10_000,
      () => "nothing was sent",
    );
    await w.settle();
    expect(fake.state.requests["/batch/"]).toBe(1);
    await slow.sync.stop();
    await settling;
    fake.state.mode["/batch/"] = "ok";
    await w.settle();
    expect(sent()).toMatchObject({ name: "Acme" });
    await slow.services.stop();
  });

  test("nulls that an older version left at PostHog become empty texts after the update, of the tenants concerned alone", async () => {
    await w.tenants(["a", "b", "c"], (key) => ({ plan: key === "a" ? null : "pro" }));
    await w.settle();
    const { groupSyncs: t } = w.db.tables;
    const before = identified().length;
    const old = { ...sent("a"), plan: null, live_trials: [] };
    fake.state.groups.get("organization")?.set("a", { properties: old, updatedAt: w.clock.now });
    await w.db.transaction([], async (tx) => {
      await tx
        .update(t)
        .set({ properties: old as never })
        .where(eq(t.tenant, "a"));
      await deleteSetting(tx, w.db.tables, "posthog_group_shape");
    });
    await w.sync.stop();
    const next = await startSync(engine, fake, { url: w.url });
    try {
      await next.settle();
    } finally {
      await next.stop();
    }
    expect(sent("a")).toMatchObject({ plan: "", live_trials: "", has_plan: false, has_trial: false });
    expect(identified()).toHaveLength(before + 1);
  });

  test("another project gets everything, whatever the last one had", async () => {
    await w.tenants(["a", "b", "c"], (key) => ({ name: key }));
    await w.settle();
    await w.sync.stop();
    const second = await startFakePosthog({ projectKey: "phc_second" });
    const next = await startSync(engine, fake, {
      url: w.url,
      settings: settingsFor(second, { POSTHOG_PROJECT_API_KEY: "phc_second" }),
    });
    try {
      await next.settle();
      expect([...(second.state.groups.get("organization")?.keys() ?? [])].sort()).toEqual(["a", "b", "c"]);
    } finally {
      await next.stop();
      await second.close();
    }
  });
});
