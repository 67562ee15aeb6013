import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { endGrant, extendGrant } from "~/core/grants/grant-changes";
import type { TenantFacts } from "~/core/model";
import { day, hour, isoDay } from "~/core/time";
import { paths } from "~/paths";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { putCheckCounts } from "~db/store/check-counts.server";
import { type Browser, startTestApp, type TestApp } from "../support/app";
import { ada, now } from "../support/facts";
import { textOf } from "../support/page-text";
import { putAs, seedCatalogue, trialAs } from "../support/tenant-world";

let app: TestApp;
let admin: Browser;
let viewer: Browser;

beforeAll(async () => {
  app = await startTestApp();
  admin = await app.signIn("admin");
  viewer = await app.signIn("viewer");
});
afterAll(() => app.close());

let people = 0;
/** Signs in again after the clock moved further than a session lasts. */
async function visit(path: string): Promise<Response> {
  const response = await admin.get(path);
  if (response.status !== 302) return response;
  admin = await app.signIn("admin", `adm_${++people}`);
  return admin.get(path);
}
const read = async (path: string) => textOf(await visit(path));
const tenants = ["Acme", "Globex", "Hooli", "Initech", "=Umbrella"];
/** The tenants that a list shows, in its order. */
async function listed(query: Record<string, string>): Promise<string[]> {
  const html = await (await visit(paths.trials(query))).text();
  const table = /<tbody.*?<\/tbody>/s.exec(html)?.[0] ?? "";
  return [...table.matchAll(/href="\/tenants\/([^"/]+)\/grants"[^>]*>([^<]*)</g)].map(([, , name = ""]) => name);
}
const end = (key: string, grant: string) =>
  changeTenant(app.services, key, ada, (f, _c, stamp) => endGrant(f as TenantFacts, { grant }, stamp));
const extend = (key: string, grant: string, days: number) =>
  changeTenant(app.services, key, ada, (f, _c, stamp) => extendGrant(f as TenantFacts, { grant, days }, stamp));
const check = (tenant: string, feature: string, at: number, count = 1) =>
  app.services.db.transaction([], (tx) =>
    putCheckCounts(tx, app.services.db.tables, [
      { tenant, day: isoDay(at), feature, allowed: true, source: "trial", count, firstAt: at, lastAt: at },
    ]),
  );

test("without any trial each tab says what would appear there", async () => {
  await seedCatalogue(app);
  for (const tab of ["ending", "running", "upcoming", "ended"]) expect(await read(paths.trials({ tab }))).toContain("No trials yet");
  expect(await read(paths.trialCalendar())).toContain("No trial ends in November 2026");
  expect(await read(paths.trialReport())).toContain("No trial started in these months");
});

describe("with trials", () => {
  beforeAll(async () => {
    for (const name of tenants) await putAs(app, name.toLowerCase().replace("=", ""), { name, plan: "starter" });
    await trialAs(app, "acme", "sso", { endsAt: now + 3 * day });
    await trialAs(app, "globex", "sso", { endsAt: now + 10 * day });
    await trialAs(app, "hooli", "audit.log", { endsAt: now + 20 * day });
    await trialAs(app, "initech", "sso", { startsAt: now + 2 * day, endsAt: now + 5 * day });
  });

  test("tabs, the number of days, features and a tenant's name select, sorted by end", async () => {
    expect(await listed({})).toEqual(["Acme"]);
    expect(await listed({ within: "14" })).toEqual(["Acme", "Globex"]);
    expect(await listed({ within: "30" })).toEqual(["Acme", "Globex", "Hooli"]);
    expect(await listed({ tab: "running", sort: "-ends" })).toEqual(["Hooli", "Globex", "Acme"]);
    expect(await listed({ tab: "running", sort: "starts" })).toHaveLength(3);
    expect(await listed({ tab: "upcoming" })).toEqual(["Initech"]);
    expect(await listed({ tab: "ended" })).toEqual([]);
    expect(await listed({ tab: "running", feature: "audit.log" })).toEqual(["Hooli"]);
    expect(await listed({ tab: "running", by: "Somebody else" })).toHaveLength(3);
    expect(await listed({ tab: "running", by: "Nobody" })).toEqual([]);
    expect(await listed({ tab: "running", q: "GLOB" })).toEqual(["Globex"]);
    expect(await read(paths.trials({ q: "zzz" }))).toContain("No trial matches");
  });

  test("only who may change something is offered to extend, convert and end", async () => {
    expect(await read(paths.trials({ tab: "running" }))).toMatch(/Extend Convert End/);
    expect(await textOf(await viewer.get(paths.trials({ tab: "running" })))).not.toMatch(/Extend|Convert/);
  });

  test("a trial runs from its start instant on, and has ended from its end instant on", async () => {
    const at = async (instant: number, tab: string) => {
      app.clock.now = instant;
      return (await listed({ tab })).includes("Initech");
    };
    const [start, stop] = [now + 2 * day, now + 5 * day];
    expect([await at(start - 1, "upcoming"), await at(start - 1, "running")]).toEqual([true, false]);
    expect([await at(start, "upcoming"), await at(start, "running")]).toEqual([false, true]);
    expect([await at(stop - 1, "running"), await at(stop - 1, "ended")]).toEqual([true, false]);
    expect([await at(stop, "running"), await at(stop, "ended")]).toEqual([false, true]);
    app.clock.now = stop - 7 * day;
    expect((await listed({ tab: "running" })).includes("Acme")).toBe(false);
    app.clock.now = now;
  });

  test("checks since the start are counted, and the first is named", async () => {
    await check("acme", "sso", now + hour, 1_234);
    await check("acme", "audit.log", now + hour);
    await check("globex", "sso", now - 2 * day);
    app.clock.now = now + 2 * hour;
    expect(await read(paths.trials())).toMatch(/1,234 checks first 20 Nov 2026/);
    expect(await read(paths.trials({ q: "globex", within: "14" }))).toContain("No checks");
  });

  test("the calendar counts and names the ends of a day, and its link lists the same", async () => {
    const december = await read(paths.trialCalendar("2026-12"));
    expect(december).toMatch(/10 December 2026 1 that end on 10 December 2026/);
    expect(december).toContain("Hooli Audit trail");
    expect(await listed({ ends: "2026-12-10" })).toEqual(["Hooli"]);
    expect(await read(paths.trials({ ends: "2026-12-11" }))).toContain("No trial ends on this day");
  });

  test("an extended trial moves to its new end, in the lists and in the calendar", async () => {
    const id = await trialAs(app, "umbrella", "sso", { endsAt: now + 4 * day });
    expect(await listed({ ends: "2026-11-24" })).toEqual(["=Umbrella"]);
    await extend("umbrella", id, 10);
    expect(await listed({ ends: "2026-11-24" })).toEqual([]);
    expect(await listed({ ends: "2026-12-04" })).toEqual(["=Umbrella"]);
    expect(await listed({ within: "7" })).toEqual(["Acme"]);
    expect(await read(paths.trials({ tab: "ended" }))).toMatch(/Umbrella.* Extended/);
  });

  test("the report follows trials from granted to converted, lapsed and open, and its numbers lead to the lists", async () => {
    await end("globex", (await ids("globex"))[0] as string);
    app.clock.now = now + 4 * day;
    await putAs(app, "acme", { plan: "premium" });
    await app.services.trials.sweep();
    expect(await read(paths.trialReport())).toMatch(
      /Granted 5 .*Used 1 20 % of granted Converted 1 20 % .*Extended 1 20 % .*Lapsed 0 .*Open 1 .*Running 3/,
    );
    const [row] = await listed({ tab: "ended", outcome: "converted", from: "2026-11", to: "2026-11" });
    expect(row).toBe("Acme");
    expect(await read(paths.trials({ tab: "ended", outcome: "open" }))).toMatch(/Globex.*Open Ended early/);
    expect(await listed({ tab: "ended", outcome: "converted", from: "2026-12" })).toEqual([]);
    app.clock.now = now + 2 * hour + 30 * day - 1;
    await app.services.trials.sweep();
    expect(await listed({ tab: "ended", outcome: "lapsed" })).toEqual([]);
    app.clock.now = now + 2 * hour + 30 * day + 60_000;
    await app.services.trials.sweep();
    expect(await listed({ tab: "ended", outcome: "lapsed" })).toEqual(["Globex"]);
  });

  test("trials that were ended early are listed by themselves, whatever came of them", async () => {
    const early = await listed({ tab: "ended", outcome: "early" });
    expect(early.length).toBeGreaterThan(0);
    const all = await read(paths.trials({ tab: "ended", outcome: "early" }));
    expect(all.match(/Ended early/g)?.length).toBe(early.length + 1);
    expect(await listed({ tab: "ended", outcome: "early", q: "nobody" })).toEqual([]);
  });

  test("outcomes older than a minute say so, and deleted ones are computed again alike", async () => {
    const before = await read(paths.trialReport());
    expect(before).not.toContain("Outcomes were computed");
    app.clock.now += 5 * 60_000;
    expect(await read(paths.trialReport())).toContain("Outcomes were computed 5 minutes ago");
    const { db, trials } = app.services;
    await db.transaction([], async (tx) => {
      await tx.delete(db.tables.trialOutcomes);
      await tx.delete(db.tables.trialCounts);
    });
    expect(await read(paths.trialReport())).toContain("No trial started");
    await trials.sweep();
    expect(await read(paths.trialReport())).toBe(before);
  });

  test("a CSV file has each table, and a name that begins like a formula is harmless", async () => {
    await putAs(app, "acme", { plan: "starter" });
    await changeTenant(app.services, "acme", { ...ada, name: "=SUM(A1)" }, (f, _c, stamp) => ({
      ok: true,
      change: {
        action: "trial.granted",
        key: "acme",
        set: {},
        grants: [
          {
            id: stamp.newId("gr"),
            kind: "trial",
            feature: "epics",
            value: true,
            startsAt: stamp.now,
            endsAt: stamp.now + day,
            endedAt: null,
            extends: null,
            note: null,
            createdAt: stamp.now,
            createdBy: stamp.actor.name,
          },
        ],
        at: stamp.now,
        why: f?.name ?? null,
      },
    }));
    await app.services.trials.sweep();
    const csv = async (by: string) => (await (await visit(paths.trialReportFile("csv", { by }))).text()).split("\r\n");
    expect((await csv("feature"))[1]).toBe("sso,Single sign-on,4,1,1,1,1,2,0,0");
    expect(await csv("person")).toContain("'=SUM(A1),1,0,0,0,0,0,1,");
    expect((await csv("month"))[0]).toBe("Month,Granted,Used,Converted,Extended,Lapsed,Open,Running,Median days to first use");
    const response = await visit(paths.trialReportFile("csv"));
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(response.headers.get("content-disposition")).toMatch(/^attachment; filename="trials-by-feature-2026-01-to-2026-12\.csv"$/);
  });

  async function ids(key: string): Promise<string[]> {
    const { grants } = app.services.db.tables;
    const rows = await app.services.db.read.select().from(grants);
    return rows.filter(({ tenant }) => tenant === key).map(({ id }) => id);
  }
});
