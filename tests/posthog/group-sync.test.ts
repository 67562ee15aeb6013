import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { TrialOver } from "~db/store/trial-clock.server";
import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import { addOn, day, feature, hour, now, plan } from "../support/facts";
import { type SyncWorld, startSync } from "../support/group-sync";
import { engines } from "../support/services";

const features = [feature("sso"), feature("search")];
const plans = [plan("starter", {}, { name: "Starter" }), plan("pro", { sso: true }, { name: "Pro", rank: 20 }), addOn("boost")];

let fake: FakePosthog;
let w: SyncWorld;
let over: TrialOver[];

const iso = (at: number) => new Date(at).toISOString();
const sent = (key = "acme") => fake.state.groups.get("organization")?.get(key)?.properties;
const identified = () => fake.state.events.filter((e) => e.event === "$groupidentify");

describe.each(engines)("group sync on %s", (engine) => {
  beforeEach(async () => {
    over = [];
    fake = await startFakePosthog();
    w = await startSync(engine, fake, { onTrialsOver: (rows) => over.push(...rows) });
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
      plan: "pro",
      plan_name: "Pro",
      plan_rank: 20,
      add_ons: ["boost"],
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
    expect(sent()).toMatchObject({ live_trials: [], next_trial_end: null });
    w.clock.now = now + hour;
    await w.settle();
    expect(sent()).toMatchObject({ live_trials: ["sso"], next_trial_end: iso(now + 2 * hour) });
    w.clock.now = now + 2 * hour - 1;
    await w.settle();
    expect(sent()).toMatchObject({ live_trials: ["sso"] });
    expect(over).toEqual([]);
    w.clock.now = now + 2 * hour;
    await w.settle();
    expect(sent()).toMatchObject({ live_trials: [], next_trial_end: null });
    expect(over).toEqual([expect.objectContaining({ tenant: "acme", feature: "sso", endsAt: now + 2 * hour })]);
  });

  test("starts and ends of hours without any process are made up for, once, whichever of two processes is first", async () => {
    const keys = Array.from({ length: 1_200 }, (_, i) => `t${i}`);
    await w.tenants(keys, () => ({ plan: "starter" }));
    for (const key of keys.slice(0, 40)) await w.trial(key, "sso", { endsAt: now + hour });
    await w.settle();
    const before = identified().length;
    const other = await startSync(engine, fake, { url: w.url, onTrialsOver: (rows) => over.push(...rows) });
    try {
      w.clock.now = other.clock.now = now + 9 * hour;
      await Promise.all([w.settle(), other.settle()]);
      await Promise.all([w.settle(), other.settle()]);
    } finally {
      await other.stop();
    }
    expect(over.map((row) => row.tenant).sort()).toEqual(keys.slice(0, 40).sort());
    expect(identified()).toHaveLength(before + 40);
    expect(keys.every((key) => JSON.stringify(sent(key)?.live_trials) === "[]")).toBe(true);
  });

  test("a trial that somebody ended or extended before its end did not run out", async () => {
    await w.tenant("acme", { plan: "starter" });
    const granted = await w.trial("acme", "sso", { endsAt: now + hour });
    const id = granted.ok ? (granted.facts?.grants[0]?.id as string) : "";
    w.clock.now = now + hour / 2;
    await w.end("acme", id);
    await w.settle();
    expect(sent()).toMatchObject({ live_trials: [] });
    w.clock.now = now + 2 * hour;
    await w.settle();
    expect(over).toEqual([]);
  });
});
