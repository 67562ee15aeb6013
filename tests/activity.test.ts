import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { day } from "~/core/time";
import { paths } from "~/paths";
import { type AuditEntry, writeAudit } from "~db/store/audit.server";
import { auditedActors } from "~db/store/audit-queries.server";
import { type AuditSearch, searchAudit } from "~db/store/audit-search.server";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { ada, now } from "./support/facts";
import { textOf } from "./support/page-text";
import { engines, startServices, type TestServices } from "./support/services";
import { putAs, seedCatalogue, trialAs } from "./support/tenant-world";

describe.each(engines)("the search of the audit log on %s", (engine) => {
  let s: TestServices;
  /** Rows by their number in the order of time. */
  const written = 12_000;
  const bob = { kind: "admin", id: "ad_bob", name: "Bob" } as const;
  const entry = (at: number, more: Partial<AuditEntry>): AuditEntry => ({
    ...{ at, actor: ada, action: "tenant.updated", subjectKind: "tenant" as const, subject: "acme" },
    ...more,
  });
  beforeAll(async () => {
    s = await startServices(engine);
    // Mostly sign-ins, with a change of each kind among the oldest.
    const rare: { [at: number]: Partial<AuditEntry> } = {
      3: { action: "trial.granted", after: { grants: [{ id: "gr_1", feature: "sso", endsAt: null }] } },
      4: { action: "trial.granted", after: { grants: [{ id: "gr_2", feature: "sso.extra", endsAt: null }] }, why: "100%_sure" },
      5: { action: "feature.updated", subjectKind: "feature", subject: "sso" },
      6: { actor: bob, why: "Asked by phone" },
      // Written later than its time says, as by a node with a clock that is behind.
      [written - 1]: { at: now + 7, actor: bob, action: "plan.updated", subjectKind: "plan", subject: "team" },
    };
    const rows = Array.from({ length: written }, (_, i) =>
      entry(now + i * 1_000, rare[i] ?? { action: "admin.signed_in", subjectKind: "admin", subject: "ad_1" }),
    );
    await s.db.transaction([], (tx) => writeAudit(tx, s.db.tables, ...rows));
  });
  afterAll(() => s.stop());

  const find = (search: AuditSearch, before?: number, size = 50) => searchAudit(s.db.readAside, s.db.tables, search, { before, size });
  /** All of the pages, with the number of pages. */
  async function findAll(search: AuditSearch, size = 50) {
    const seqs: number[] = [];
    let pages = 0;
    for (let before: number | undefined; ; ) {
      const { rows, next } = await find(search, before, size);
      pages += 1;
      seqs.push(...rows.map(({ seq }) => seq));
      if (next === null) return { seqs, pages };
      before = next;
    }
  }

  test.each<[string, AuditSearch, number[]]>([
    ["a feature: its own changes and those of grants of it, not of one that begins alike", { feature: "sso" }, [6, 4]],
    ["text in a reason, in any case", { words: ["PHONE"] }, [7]],
    ["a percent sign and an underscore are text", { words: ["0%_s"] }, [5]],
    ["text in a document", { words: ["sso.extra"] }, [5]],
    ["all words", { words: ["bob", "phone"] }, [7]],
    ["text, or the tenants that it names", { words: ["nothing"], tenants: ["acme"] }, [7, 5, 4]],
    ["an actor and a kind", { actor: bob, subjectKind: "plan" }, [written]],
    ["a range, without its end", { withoutSignIns: true, from: now + 4_000, to: now + 6_000 }, [6, 5]],
    ["a subject in a range", { subjectKind: "tenant", subject: "acme", from: now + 4_000 }, [7, 5]],
    ["an action and an actor", { action: "tenant.updated", actor: bob }, [7]],
  ])("finds by %s", async (_, search, seqs) => expect((await findAll(search)).seqs).toEqual(seqs));

  test("lists each entry once over pages of every size, by time and not by number", async () => {
    const { seqs } = await findAll({ withoutSignIns: true }, 2);
    expect(seqs).toEqual([7, 6, 5, 4, written]);
    const everything = await findAll({}, 5_000);
    expect([everything.seqs.length, new Set(everything.seqs).size]).toEqual([written, written]);
  });

  test("stops after 20,000 entries without a full page, and says how far it got", async () => {
    const more = Array.from({ length: 10_000 }, (_, i) =>
      entry(now + (written + i) * 1_000, { action: "admin.signed_in", subjectKind: "admin", subject: "ad_1" }),
    );
    await s.db.transaction([], (tx) => writeAudit(tx, s.db.tables, ...more));
    const first = await find({ withoutSignIns: true });
    expect([first.rows, first.searchedBackTo]).toEqual([[], now + (written + 10_000 - 20_001) * 1_000]);
    const second = await find({ withoutSignIns: true }, first.next ?? undefined);
    expect([second.rows.map(({ seq }) => seq), second.next, second.searchedBackTo]).toEqual([[7, 6, 5, 4, written], null, null]);
    expect((await auditedActors(s.db.read, s.db.tables)).map(({ name }) => name)).toContain("Bob");
  });

  test("lists entries of one time once each, newest number first, over pages and within a range", async () => {
    const at = now - day;
    const rows = Array.from({ length: 5 }, () => entry(at, { action: "feature.created", subject: "same" }));
    await s.db.transaction([], (tx) => writeAudit(tx, s.db.tables, ...rows));
    const search = { subjectKind: "tenant" as const, subject: "same" };
    const { seqs } = await findAll(search);
    expect(seqs).toHaveLength(5);
    expect(seqs).toEqual([...seqs].sort((a, b) => b - a));
    for (const more of [{}, { withoutSignIns: true }, { from: at, to: at + 1 }, { words: ["same"] }])
      for (const size of [1, 2, 5]) expect((await findAll({ ...search, ...more }, size)).seqs).toEqual(seqs);
    expect((await findAll({ ...search, to: at })).seqs).toEqual([]);
    expect((await findAll({ ...search, from: at + 1 })).seqs).toEqual([]);
  });
});

describe("the page", () => {
  let app: TestApp;
  let admin: Browser;
  beforeAll(async () => {
    app = await startTestApp();
    await seedCatalogue(app);
    await putAs(app, "acme", { name: "Acme Ünited", plan: "starter" });
    await putAs(app, "globex", { name: "=Globex", plan: "starter" });
    app.clock.now = now + 2 * day;
    admin = await app.signIn("admin");
    await trialAs(app, "acme", "sso");
    await trialAs(app, "globex", "audit.log");
  });
  afterAll(() => app.close());

  const read = async (query: Record<string, string>) => textOf(await admin.get(paths.audit(query)));

  test("leaves sign-ins out until they are asked for", async () => {
    await (await app.signIn("owner")).post("/sign-out");
    expect(await read({})).not.toContain("The owner signed out");
    expect(await read({ signins: "yes" })).toContain("The owner signed out");
    expect(await read({ action: "admin.signed_out" })).toContain("The owner signed out");
  });

  test("filters by tenant, feature, text and day, alone and together", async () => {
    const acme = "granted a trial of Single sign-on for Acme Ünited";
    const globex = "for =Globex";
    const has = async (query: Record<string, string>) => {
      const text = await read(query);
      return [text.includes(acme), text.includes(globex)];
    };
    expect(await has({})).toEqual([true, true]);
    expect(await has({ tenant: "acme" })).toEqual([true, false]);
    expect(await has({ feature: "audit.log" })).toEqual([false, true]);
    expect(await has({ q: "acme united" })).toEqual([true, false]);
    expect(await has({ from: "2026-11-23" })).toEqual([false, false]);
    expect(await has({ tenant: "acme", feature: "audit.log" })).toEqual([false, false]);
  });

  test("a day begins in the zone that the address names", async () => {
    const at = new Date(app.clock.now);
    const today = at.toISOString().slice(0, 10);
    expect(await read({ from: today, to: today, zone: "UTC" })).toContain("granted a trial");
    // 14 hours ahead of UTC, the next day has begun.
    expect(await read({ from: today, to: today, zone: "Pacific/Kiritimati" })).not.toContain("granted a trial");
    expect(await read({ zone: "Pacific/Kiritimati" })).toContain("Days in Kiritimati time");
  });

  test("says what an address edited by hand cannot mean", async () => {
    expect(await read({ from: "2026-02-30" })).toContain("“From” is not a date between 1970 and 9999, so it is ignored.");
    expect(await read({ to: "0000-01-01" })).toContain("“To” is not a date");
    expect(await read({ from: "2026-12-02", to: "2026-12-01" })).toContain("“From” is after “To”, so no entry can match.");
    expect(await read({ feature: "gone" })).toMatch(/The catalogue has no feature gone ?\./);
    expect(await read({ feature: "no key!" })).toContain("That is not a feature's key");
    expect(await read({ q: "\0zzz" })).toContain("No entry matches");
    expect(await read({ tenant: "x\0" })).toContain("That is not a tenant's key");
    expect(await read({ subject: "\0", action: "\0", actor: "cli:a\0" })).toContain("granted a trial");
    expect(await read({ tenant: "acmee" })).toMatch(/There is no tenant acmee\. Is it one of these\? Acme Ünited/);
    expect(await read({ tenant: "zzz" })).toMatch(/There is no tenant zzz\. No key or name is like it\./);
    expect(await read({ before: "0", zone: "Mars/Phobos", actor: "x", kind: "y", signins: "maybe" })).toContain("granted a trial");
  });

  test("is exported as CSV with the same filters, formulas made harmless, and leaves an entry", async () => {
    const answer = await admin.get(paths.auditExport({ tenant: "globex" }));
    expect(answer.headers.get("content-disposition")).toMatch(/^attachment; filename="latchkey-activity-2026-11-\d\d\.csv"$/);
    const [head, ...lines] = (await answer.text()).trimEnd().split("\r\n");
    expect(head).toBe("number,time,actor,actor_kind,actor_id,address,action,subject_kind,subject,name,activity,why");
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain(",trial.granted,tenant,globex,'=Globex,");
    expect(lines.join()).not.toContain("acme");
    expect(await read({ action: "activity.exported" })).toContain("The admin exported the activity log");
    const { db } = app.services;
    const { rows } = await searchAudit(db.readAside, db.tables, { action: "activity.exported" }, { size: 1 });
    expect(rows[0]).toMatchObject({ actorName: "The admin", address: "127.0.0.1", subjectKind: "export", after: { tenant: "globex" } });
  });

  test("every other list that is exported leaves an entry, also a viewer's", async () => {
    const viewer = await app.signIn("viewer");
    const exports = [
      [paths.usageExport({ of: "limits", plan: "starter" }), "usage.exported", "exported the usage of all tenants"],
      [paths.usageExport({ of: "demand" }), "demand.exported", "exported the demand for features"],
      [paths.trialReportFile("csv", { by: "person" }), "trials.exported", "exported the report on trials"],
      [paths.tenantUsageExport("acme", { days: 7 }), "tenant.usage_exported", "exported the usage of Acme Ünited"],
      [paths.exportCatalogue("yaml", true), "catalogue.exported_with_tenants", "exported the catalogue with all tenants"],
    ] as const;
    for (const [path, action, phrase] of exports) {
      expect([action, await read({ action })]).toEqual([action, expect.stringContaining("No entry matches")]);
      expect([action, (await viewer.get(path)).status]).toEqual([action, 200]);
      expect([action, await read({ action })]).toEqual([action, expect.stringContaining(`The viewer ${phrase}`)]);
    }
  });
});
