import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { noApprovals } from "~/core/approvals/approvals";
import { setPlanEntries } from "~/core/catalogue/catalogue-changes";
import { maxScheduledDrafts } from "~/core/drafts/plan-draft";
import type { Actor } from "~/core/model";
import { day } from "~/core/time";
import { paths } from "~/paths";
import { saveApprovals } from "~/server/approvals/approval-rules.server";
import { byRightOf } from "~/server/authority.server";
import { comingPublications } from "~/server/catalogue/coming-publications.server";
import { publishDraft } from "~/server/catalogue/draft-publication.server";
import { cancelPublication, scheduleDraft } from "~/server/catalogue/draft-schedule.server";
import { discardDraft, editDraft, findDraft, ownDraft } from "~/server/catalogue/drafts.server";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { listAuditHeads } from "~db/store/audit.server";
import { startTestApp, type TestApp } from "./support/app";
import { operator, seedBulkCatalogue, seedTenants } from "./support/bulk-world";
import { ada } from "./support/facts";
import { textOf } from "./support/page-text";
import { engines, startServices, type TestServices } from "./support/services";

const eve = { kind: "admin", id: "adm_eve", name: "Eve" } as const;
const bob = { kind: "admin", id: "adm_bob", name: "Bob" } as const;

describe.each(engines)("a publication that is scheduled, on %s", (engine) => {
  let s: TestServices;
  beforeEach(async () => {
    s = await startServices(engine);
    await seedBulkCatalogue(s);
  });
  afterEach(() => s.stop());

  const entries = (plan: string) =>
    Object.fromEntries((s.facts.catalogue().plans.get(plan)?.entries ?? []).map(({ feature, value }) => [feature, value]));
  const edit = async (by: { id: string; name: string } = eve, value: number | null = 20) => {
    const saved = await editDraft(s, by, [{ plan: "free", feature: "calls", value }]);
    if (!saved.ok) throw new Error(saved.message);
    return saved.draft;
  };
  const inAWeek = () => s.now() + 7 * day;
  const schedule = async (by: Actor, { id, version }: { id: string; version: number }, at = inAWeek()) =>
    scheduleDraft(s, by, id, { version, at, note: "Spring" });
  const scheduled = async () => {
    const draft = await edit();
    expect(await schedule(bob, draft)).toMatchObject({ ok: true });
    return draft;
  };
  const actions = async () =>
    (await listAuditHeads(s.db.read, s.db.tables, {}, { size: 3 })).map(({ action, actorName }) => [action, actorName]);

  test("changes nothing a millisecond before its time, and all of it from then on, once", async () => {
    const draft = await scheduled();
    s.clock.now += 7 * day - 1;
    expect([await s.schedules.sweep(), entries("free")]).toEqual([0, { calls: 10 }]);
    s.clock.now += 1;
    expect(await Promise.all([s.schedules.sweep(), s.schedules.sweep()])).toContain(1);
    expect(entries("free")).toEqual({ calls: 20 });
    expect(await findDraft(s, draft.id)).toMatchObject({ state: "published", closedBy: "Bob", publishAt: null });
    expect(await s.schedules.sweep()).toBe(0);
    expect((await actions()).slice(0, 2)).toEqual([
      ["plan.entries_changed", "Bob"],
      ["draft.publication_scheduled", "Bob"],
    ]);
    const [entry] = await listAuditHeads(s.db.read, s.db.tables, {}, { size: 1 });
    expect(entry?.why).toBe("Draft of Eve: Spring");
  });

  test("can be moved and cancelled, and until then nobody edits, publishes or discards it", async () => {
    const draft = await scheduled();
    for (const refused of [
      await publishDraft(s, bob, draft.id, { version: draft.version, note: null }),
      await discardDraft(s, eve, draft.id),
    ])
      expect(refused).toMatchObject({ ok: false, message: expect.stringContaining("is scheduled. Cancel that first.") });
    expect(await schedule(eve, draft, inAWeek() + day)).toMatchObject({ ok: true });
    s.clock.now += 7 * day;
    expect(await s.schedules.sweep()).toBe(0);
    expect(await cancelPublication(s, bob, draft.id)).toMatchObject({ ok: true });
    expect(await cancelPublication(s, bob, draft.id)).toMatchObject({ ok: false, code: "stale" });
    s.clock.now += 7 * day;
    expect([await s.schedules.sweep(), entries("free")]).toEqual([0, { calls: 10 }]);
    expect(await ownDraft(s, eve.id)).toMatchObject({ id: draft.id, state: "open", publishAt: null, publisher: null });
    expect(await actions()).toEqual([
      ["draft.publication_cancelled", "Bob"],
      ["draft.publication_moved", "Eve"],
      ["draft.publication_scheduled", "Bob"],
    ]);
  });

  test("its owner begins another draft meanwhile, and has one that is open at a time", async () => {
    const draft = await scheduled();
    const other = await edit(eve, 30);
    expect(other.id).not.toBe(draft.id);
    expect(await cancelPublication(s, eve, draft.id)).toMatchObject({ ok: false, message: expect.stringContaining("has another draft") });
    await discardDraft(s, eve, other.id);
    expect(await cancelPublication(s, eve, draft.id)).toMatchObject({ ok: true });
  });

  test("a time that is over, another version and too many are refused", async () => {
    const draft = await edit();
    expect(await schedule(bob, draft, s.now())).toMatchObject({ code: "schedule_in_past", field: "at" });
    expect(await schedule(bob, { ...draft, version: draft.version + 1 })).toMatchObject({ code: "stale" });
    expect(await schedule(bob, { id: "dr_none", version: 1 })).toMatchObject({ code: "stale" });
    for (let i = 0; i < maxScheduledDrafts; i++)
      expect(await schedule(bob, await edit({ id: `p${i}`, name: `P${i}` }))).toMatchObject({ ok: true });
    expect(await schedule(bob, draft)).toMatchObject({ code: "schedule_full" });
  });

  test("what someone else changed meanwhile keeps it from being published: nothing is done, with the reason, until it is moved", async () => {
    const draft = await scheduled();
    await changeCatalogue(s, operator, (facts, stamp) => setPlanEntries(facts, [{ plan: "free", feature: "calls", value: 99 }], stamp));
    expect(await comingPublications(s)).toMatchObject([{ id: draft.id, isRefused: false, problem: expect.stringContaining("cannot be") }]);
    s.clock.now += 7 * day;
    expect([await s.schedules.sweep(), entries("free")]).toEqual([0, { calls: 99 }]);
    const [row] = await comingPublications(s);
    expect(row).toMatchObject({ isRefused: true, problem: expect.any(String) });
    expect(await schedule(bob, draft)).toMatchObject({ ok: false });
    await changeCatalogue(s, operator, (facts, stamp) => setPlanEntries(facts, [{ plan: "free", feature: "calls", value: 10 }], stamp));
    expect(await s.schedules.sweep()).toBe(0);
    expect(await schedule(bob, draft)).toMatchObject({ ok: true, draft: { problem: null } });
    s.clock.now += 7 * day;
    expect([await s.schedules.sweep(), entries("free")]).toEqual([1, { calls: 20 }]);
  });

  test("approvals bind it when it is scheduled and at its time", async () => {
    await seedTenants(s, [
      ["a", { plan: "free" }],
      ["b", { plan: "free" }],
    ]);
    const draft = await edit(eve, null);
    await saveApprovals(s, ada, { ...noApprovals, publicationTenants: 1 });
    expect(await schedule(eve, draft)).toMatchObject({ ok: false, code: "needs_approval" });
    await saveApprovals(s, ada, noApprovals);
    expect(await schedule(eve, draft)).toMatchObject({ ok: true });
    await saveApprovals(s, ada, { ...noApprovals, publicationTenants: 1 });
    s.clock.now += 7 * day;
    expect([await s.schedules.sweep(), entries("free")]).toEqual([0, { calls: 10 }]);
    expect(await comingPublications(s)).toMatchObject([{ problem: expect.stringContaining("needs a second person") }]);
    expect(await schedule(bob, draft)).toMatchObject({ ok: true });
    s.clock.now += 7 * day;
    expect([await s.schedules.sweep(), entries("free")]).toEqual([1, {}]);
  });

  test("whose right is gone by the time of the write schedules and cancels nothing", async () => {
    const draft = await edit();
    const ended = byRightOf(s, { kind: "admin", id: bob.id, session: "none", act: "catalogue.change" });
    const form = { version: draft.version, at: inAWeek(), note: null };
    await expect(scheduleDraft(ended, bob, draft.id, form)).rejects.toMatchObject({ status: 401 });
    await schedule(bob, draft);
    await expect(cancelPublication(ended, bob, draft.id)).rejects.toMatchObject({ status: 401 });
    expect(await findDraft(s, draft.id)).toMatchObject({ state: "scheduled" });
  });
});

describe("on pages", () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp();
    await seedBulkCatalogue(app.services);
  });
  afterAll(() => app.close());

  test("a draft is scheduled, listed on Home and Coming changes, moved and cancelled", async () => {
    const [admin, support] = [await app.signIn("admin"), await app.signIn("support")];
    const saved = await editDraft(app.services, eve, [{ plan: "free", feature: "calls", value: 20 }]);
    if (!saved.ok) throw new Error(saved.message);
    const { id, version } = saved.draft;
    const form = { intent: "schedule", version: String(version), at: "2027-06-01T00:00", zone: "UTC", note: "Summer" };
    expect((await support.post(paths.draft(id), form)).status).toBe(403);
    const bare = await admin.post(paths.draft(id), { ...form, at: "" });
    expect([bare.status, await textOf(bare)]).toEqual([422, expect.stringContaining("Choose the date and time.")]);
    const past = await admin.post(paths.draft(id), { ...form, at: "2020-01-01T00:00" });
    expect([past.status, await textOf(past)]).toEqual([409, expect.stringContaining("Choose a time in the future")]);
    expect((await admin.post(paths.draft(id), form)).status).toBe(302);
    const page = await textOf(await admin.get(paths.draft(id)));
    expect(page).toMatch(/Scheduled .*1 Jun.* scheduled it/);
    expect(page).toContain("Cancel the publication");
    for (const path of ["/", paths.comingChanges()]) expect(await textOf(await admin.get(path))).toMatch(/Draft of Eve ?: 1 change/);
    expect((await admin.post(paths.draft(id), { ...form, at: "2027-07-01T00:00" })).status).toBe(302);
    expect(await textOf(await admin.get(paths.comingChanges()))).toContain("1 Jul");
    expect((await admin.post(paths.draft(id), { intent: "cancel" })).status).toBe(302);
    expect(await textOf(await admin.get(paths.comingChanges()))).not.toContain("Draft of Eve");
    expect(await textOf(await admin.get(paths.audit()))).toContain("cancelled the publication of Draft of Eve");
  });
});
