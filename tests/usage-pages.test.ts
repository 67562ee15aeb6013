import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { catalogueChange } from "~/core/catalogue/catalogue-changes";
import { day, isoDay } from "~/core/time";
import { paths } from "~/paths";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { recordUsage } from "~/server/usage/usage.server";
import { putCheckCounts } from "~db/store/check-counts.server";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { ada, feature, meteredFeature, now, plan } from "./support/facts";
import { textOf } from "./support/page-text";
import { putAs, trialAs } from "./support/tenant-world";

let app: TestApp;
let admin: Browser;
let viewer: Browser;
let sent = 0;

const read = async (path: string, browser = admin) => textOf(await browser.get(path));
const use = (tenant: string, feature: string, quantity: number, action: "add" | "set" = "add") =>
  recordUsage(app.services, [{ tenant, feature, action, quantity, idempotencyKey: `k${++sent}` }]);
const refuse = (tenant: string, feature: string, at: number, count: number) =>
  app.services.db.transaction([], (tx) =>
    putCheckCounts(tx, app.services.db.tables, [
      { tenant, day: isoDay(at), feature, allowed: false, source: "none", count, firstAt: at, lastAt: at },
    ]),
  );

beforeAll(async () => {
  app = await startTestApp();
  admin = await app.signIn("admin");
  viewer = await app.signIn("viewer");
  await changeCatalogue(app.services, ada, (_facts, stamp) => {
    const features = [
      feature("sso", { name: "Single sign-on" }),
      meteredFeature("calls", { unit: "calls" }, { name: "API calls" }),
      meteredFeature("seats", { resetPeriod: "never" }, { name: "Seats" }),
    ];
    const plans = [
      plan("free", { calls: 100 }, { name: "Free", rank: 1 }),
      plan("pro", { sso: true, calls: 1_000, seats: 5 }, { name: "Pro", rank: 2 }),
    ];
    return { ok: true, change: catalogueChange("catalogue.imported", { features, plans }, stamp, null) };
  });
});
afterAll(() => app.close());

test("without usage and refusals each page says what will appear there", async () => {
  await app.services.figures.pass();
  expect(await read(paths.usage())).toMatch(/No usage yet Tenants appear here once your app has reported usage/);
  expect(await read(paths.demand())).toContain("Nothing was refused in the last 30 days");
});

describe("with tenants that use and ask", () => {
  beforeAll(async () => {
    await putAs(app, "acme", { name: "Acme", plan: "free" });
    await putAs(app, "globex", { name: "=Globex, Inc", plan: "pro" });
    await putAs(app, "hooli", { name: "Hooli" });
    await use("acme", "calls", 85);
    await use("globex", "calls", 40);
    await use("globex", "seats", 5, "set");
    await refuse("acme", "sso", now, 7);
    await refuse("hooli", "sso", now - 6 * day, 2);
    await refuse("globex", "seats", now - 40 * day, 3);
    await app.services.figures.pass();
  });

  test("the list has the fullest limit first, with used, limit, per cent and projection", async () => {
    const text = await read(paths.usage());
    expect(text.indexOf("Seats 100 %")).toBeLessThan(text.indexOf("85 %"));
    // 85 in 19 days and 10 hours of a month of 30 days.
    expect(text).toMatch(/Acme Free API calls 85 % 85 100 0 131, over/);
    expect(text).toMatch(/1 tenant with a full limit\. 1 more over 80 %\./);
    // A seat that is set does not grow with time.
    expect(text).toMatch(/=Globex, Inc Pro Seats 100 % 5 5 no reset –/);
  });

  test("filters by feature, level, plan and text are in the address, and say when nothing matches", async () => {
    const names = async (query: Record<string, string>) => {
      const text = await read(paths.usage(query));
      return ["85 % 85", "4 % 40", "100 % 5"].filter((row) => text.includes(row));
    };
    expect(await names({})).toEqual(["85 % 85", "4 % 40", "100 % 5"]);
    expect(await names({ feature: "calls" })).toEqual(["85 % 85", "4 % 40"]);
    expect(await names({ level: "80" })).toEqual(["85 % 85", "100 % 5"]);
    expect(await names({ level: "100" })).toEqual(["100 % 5"]);
    expect(await names({ plan: "free" })).toEqual(["85 % 85"]);
    expect(await names({ q: "glob" })).toEqual(["4 % 40", "100 % 5"]);
    expect(await read(paths.usage({ q: "zzz" }))).toContain("Nothing matches");
    expect(await read(paths.usage({ after: "nonsense", level: "7" }))).toContain("85 % 85");
  });

  test("demand names refusals, the range before, tenants, their plans and the lowest plan that allows it", async () => {
    expect(await read(paths.demand({ days: 7 }))).toMatch(
      /Single sign-on sso 9 0 2 No plan \(1\), Free \(1\) Pro See who|Single sign-on sso 9 0 2 Free \(1\), No plan \(1\) Pro See who/,
    );
    expect(await read(paths.demand({ days: 30 }))).not.toContain("Seats seats");
    expect(await read(paths.demand({ days: 90 }))).toMatch(/Seats seats 3 0 1 Pro \(1\) none See who/);
  });

  test("who was refused is listed with the reason now, and a trial button for those who may grant one", async () => {
    const text = await read(paths.demandFeature("sso", { days: 7 }));
    expect(text).toMatch(/Acme acme 7 20 Nov 2026 Free Pro Not included in Free\. Included in Pro\. Grant trial/);
    expect(text).toMatch(/Hooli hooli 2 14 Nov 2026 No plan/);
    const html = await (await admin.get(paths.demandFeature("sso"))).text();
    expect(html).toContain('href="/tenants/acme/trial?feature=sso"');
    expect(await read(paths.demandFeature("sso"), viewer)).not.toContain("Grant trial");
    expect((await admin.get(paths.demandFeature("nothing"))).status).toBe(404);
  });

  test("the files have the same figures, and no cell that a spreadsheet would run", async () => {
    const limits = await admin.get(paths.usageExport({ of: "limits", level: "80" }));
    expect(limits.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect((await limits.text()).split("\r\n")).toEqual([
      "tenant,name,plan,feature,unit,used,limit,percent,previous,projected,reset_period,resets_at",
      `globex,"'=Globex, Inc",pro,seats,,5,5,100,,,never,`,
      "acme,Acme,free,calls,calls,85,100,85,0,131,month,2026-12-01T00:00:00.000Z",
      "",
    ]);
    const demand = await (await admin.get(paths.usageExport({ of: "demand", days: 7 }))).text();
    expect(demand).toMatch(/^sso,Single sign-on,7,9,0,2,"?(no plan: 1; free: 1|free: 1; no plan: 1)"?,pro\r$/m);
    expect((await app.browser().get(paths.usageExport())).status).toBe(302);
  });

  test("figures that lack something for over a minute say how old they are", async () => {
    expect(await read(paths.usage())).not.toContain("These figures are from");
    await refuse("acme", "sso", now, 1);
    app.clock.now += 61_000;
    expect(await read(paths.usage())).toMatch(/These figures are from 20 Nov, 10:00 UTC, 1 minute ago/);
    await app.services.figures.pass();
    expect(await read(paths.usage())).not.toContain("These figures are from");
  });

  test("the API lists the same, a page at a time", async () => {
    const headers = { authorization: `Bearer ${await app.apiKey("manage")}` };
    const get = async (path: string) => (await fetch(app.url + path, { headers })).json();
    const walk = async (path: string) => {
      const items: { feature: string; tenant?: string }[] = [];
      for (let cursor: string | null = ""; cursor !== null; ) {
        const page: { items: typeof items; next: string | null } = await get(`${path}limit=1${cursor && `&cursor=${cursor}`}`);
        items.push(...page.items);
        cursor = page.next;
      }
      return items;
    };
    const usage = await walk("/api/usage/tenants?");
    expect(usage).toEqual((await get("/api/usage/tenants")).items);
    expect(usage.map(({ tenant, feature }) => `${tenant} ${feature}`)).toEqual(["globex seats", "acme calls", "globex calls"]);
    expect(usage[1]).toMatchObject({ used: 85, limit: 100, percent: 85, previous: 0, resetPeriod: "month" });
    expect((await walk("/api/usage/tenants?minPercent=86&")).map(({ feature }) => feature)).toEqual(["seats"]);
    const demand = await walk("/api/demand?days=90&");
    expect(demand).toEqual((await get("/api/demand?days=90")).items);
    expect(demand.map(({ feature }) => feature)).toEqual(["sso", "seats"]);
    expect((await fetch(`${app.url}/api/demand?days=91`, { headers })).status).toBe(400);
  });

  describe("the usage tab of a tenant", () => {
    beforeAll(async () => {
      await trialAs(app, "acme", "sso", { startsAt: now - 2 * day });
      await recordUsage(app.services, [
        { tenant: "acme", feature: "calls", action: "add", quantity: 30, idempotencyKey: "earlier", time: now - day },
      ]);
      await app.services.db.transaction([], (tx) =>
        putCheckCounts(tx, app.services.db.tables, [
          {
            tenant: "acme",
            day: isoDay(now - day),
            feature: "sso",
            allowed: true,
            source: "trial",
            count: 4,
            firstAt: now - day,
            lastAt: now - day,
          },
        ]),
      );
    });

    test("begins with limits, then has checks by day, feature, source and outcome, trials, and what nobody asked for", async () => {
      const text = await read(paths.tenantUsage("acme", { days: 7 }));
      const order = ["Limits", "12 checks in the last 7 days", "By feature", "By source and outcome", "During trials", "Not asked for"];
      expect(order.map((part) => text.indexOf(part)).every((at, i, all) => at > (all[i - 1] ?? -1))).toBe(true);
      expect(text).toMatch(/API calls calls 115 % 115 100 178, over/);
      expect(text).toContain("1 Nov 2026 115 1 Oct 2026 0");
      expect(text).toContain("1 Dec 2025 0");
      expect(text).toMatch(/Trial Allowed 4/);
      expect(text).toMatch(/No source Refused 8/);
      // Checks of the trial's days: 4 and the 8 of today.
      expect(text).toMatch(/Single sign-on sso 18 Nov 2026 to 20 Nov 2026 12/);
      expect(text).toMatch(/named in the last 7 days\. .* API calls/);
    });

    test("has the range and the one before in its address", async () => {
      expect(await read(paths.tenantUsage("globex", { days: 30 }))).toContain("0 checks in the last 30 days, 3 in the 30 before");
      expect(await read(paths.tenantUsage("globex", { days: 90 }))).toContain("3 checks in the last 90 days, 0 in the 90 before");
    });

    test("is a CSV and a JSON file", async () => {
      const csv = await (await admin.get(paths.tenantUsageExport("acme", { days: 7 }))).text();
      expect(csv).toContain("limit,calls,2026-11-01T00:00:00.000Z,,,115,100,178\r\n");
      expect(csv).toContain("day,2026-11-19,2026-11-19,4,0,,,\r\n");
      expect(csv).toContain("source,none,,0,8,,,\r\n");
      const json = await (await admin.get(paths.tenantUsageExport("acme", { days: 7, format: "json" }))).json();
      expect(json).toMatchObject({ tenant: "acme", allowed: 4, refused: 8, notAsked: [{ key: "calls", name: "API calls" }] });
      expect(json.consumption[0].history).toHaveLength(12);
      expect(json.consumption[0].history.at(-1)).toEqual({ start: "2026-11-01T00:00:00.000Z", used: 115 });
      expect((await admin.get(paths.tenantUsageExport("nobody"))).status).toBe(404);
    });
  });
});
