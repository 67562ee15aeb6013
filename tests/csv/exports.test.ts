import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ListFile, type ListFormat, listFileText } from "~/core/list-file";
import { isoDay } from "~/core/time";
import { paths } from "~/paths";
import { createImpact } from "~/server/catalogue/impacts.server";
import { recordUsage } from "~/server/usage/usage.server";
import { searchAudit } from "~db/store/audit-search.server";
import { putCheckCounts } from "~db/store/check-counts.server";
import { type Browser, startTestApp, type TestApp } from "../support/app";
import { operator, queueBulk, seedBulkCatalogue, seedTenants } from "../support/bulk-world";
import { csvCells } from "../support/csv-world";
import { trialAs } from "../support/tenant-world";

let app: TestApp;
let admin: Browser;
let viewer: Browser;
let job = "";
let impact = "";
beforeAll(async () => {
  app = await startTestApp();
  const { services, clock } = app;
  await seedBulkCatalogue(services);
  await seedTenants(services, [
    ["acme", { name: "=Acme, Inc", plan: "pro" }],
    ["globex", { name: "Globex", plan: "free" }],
  ]);
  [admin, viewer] = [await app.signIn("admin"), await app.signIn("viewer")];
  await app.apiKey("check", "usage");
  await trialAs(app, "globex", "sso");
  await recordUsage(services, [{ tenant: "acme", feature: "calls", action: "add", quantity: 5, idempotencyKey: "k1" }]);
  const counts = { tenant: "globex", day: isoDay(clock.now), feature: "audit", allowed: false, source: "none" as const, count: 2 };
  const { db } = services;
  await db.transaction([], (tx) => putCheckCounts(tx, db.tables, [{ ...counts, firstAt: clock.now, lastAt: clock.now }]));
  await services.figures.pass();
  await services.trials.sweep();
  const cells = [{ plan: "pro", feature: "sso", value: null }];
  const made = await createImpact(services, operator, { title: "Cells", source: { kind: "cells", cells } });
  impact = made.ok ? made.job.id : "";
  await services.jobs.runAll();
  job = (await queueBulk(services, { act: "suspend" }, { kind: "keys", keys: ["acme", "none"] })).id;
  await services.jobs.runAll();
});
afterAll(() => app.close());

const today = "2026-11-20";
type Export = { list: string; to: (format: ListFormat) => string; page: () => string; action: string; name: string };
const listed = (list: "tenants" | "trials" | "plans" | "features" | "keys" | "people", page: () => string, query = {}): Export => ({
  ...{ list, page, name: `latchkey-${list}-${today}`, action: list === "trials" ? "trial_list.exported" : `${list}.exported` },
  to: (format) => paths.listFile(list, { ...query, format }),
});
const exported: Export[] = [
  listed("tenants", () => "/tenants"),
  listed("trials", () => paths.trials({ tab: "running" }), { tab: "running" }),
  listed("plans", () => "/import"),
  listed("features", () => "/import"),
  listed("keys", () => "/import"),
  listed("people", () => "/import"),
  {
    ...{ list: "activity", page: () => paths.audit(), action: "activity.exported", name: `latchkey-activity-${today}` },
    to: (format) => paths.auditExport({ format }),
  },
  {
    ...{ list: "limits", page: () => paths.usage(), action: "usage.exported", name: `latchkey-usage-${today}` },
    to: (format) => paths.usageExport({ of: "limits", format }),
  },
  {
    ...{ list: "demand", page: () => paths.demand({ days: 30 }), action: "demand.exported", name: `latchkey-demand-${today}` },
    to: (format) => paths.usageExport({ of: "demand", days: 30, format }),
  },
  ...(["feature", "person", "month"] as const).map((by) => ({
    ...{ list: `trials by ${by}`, page: () => "/trials/report", action: "trials.exported" },
    ...{ name: `trials-by-${by}-2025-12-to-2026-11`, to: (format: ListFormat) => paths.trialReportFile(format, { by }) },
  })),
  {
    ...{ list: "results of a job", page: () => paths.job(job), action: "job.exported", name: "latchkey-JOB" },
    to: (format) => paths.jobFile(job, format),
  },
  {
    ...{ list: "tenants of an impact", page: () => paths.impact(impact), action: "job.exported", name: "latchkey-IMPACT" },
    to: (format) => paths.impactFile(impact, format),
  },
];

const entriesOf = async (action: string) => {
  const { db } = app.services;
  return (await searchAudit(db.read, db.tables, { action }, { size: 30 })).rows;
};

describe.each(exported)("the list of $list", ({ to, page, action, name }) => {
  const files = { csv: "text/csv; charset=utf-8", json: "application/json; charset=utf-8" };

  test("is a file of each format for everyone who is signed in, with its type and name", async () => {
    const before = (await entriesOf(action)).length;
    for (const [format, type] of Object.entries(files) as [ListFormat, string][]) {
      const answer = await viewer.get(to(format));
      const file = name.replace("JOB", job).replace("IMPACT", impact);
      expect([answer.status, answer.headers.get("content-type"), answer.headers.get("content-disposition")]).toEqual([
        ...[200, type, `attachment; filename="${file}.${format}"`],
      ]);
      await answer.text();
      const stranger = await app.browser().get(to(format));
      expect([stranger.status, stranger.headers.get("location")]).toEqual([302, expect.stringContaining("/sign-in")]);
    }
    const entries = await entriesOf(action);
    expect(entries.length).toBe(before + 2);
    const [json, csv] = entries.map(({ after }) => (after as { format?: string }).format);
    expect([json, csv ?? "csv"]).toEqual(["json", "csv"]);
  });

  test("has the same columns and rows in both", async () => {
    const [, ...rows] = await csvCells(await (await admin.get(to("csv"))).text());
    const objects: { [column: string]: unknown }[] = await (await admin.get(to("json"))).json();
    expect(objects.length).toBeGreaterThan(0);
    // Both exports are in the log themselves.
    const shown = action === "activity.exported" ? objects.slice(1) : objects;
    const asCell = (value: unknown) => {
      const text = value === null ? "" : Array.isArray(value) ? value.join(";") : String(value);
      return typeof value === "string" && /^'*[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
    };
    expect(shown.map((one) => Object.values(one).map(asCell))).toEqual(rows);
    for (const one of objects) for (const column of Object.keys(one)) expect(column).toMatch(/^[a-z0-9_.]+$/);
  });

  test("is linked in both formats beside each other", async () => {
    const html = (await (await admin.get(page())).text()).replaceAll("&amp;", "&");
    const links = [...html.matchAll(/href="([^"]+)"/g)].map(([, href = ""]) => href);
    const isTo = (format: ListFormat) => (href: string) => {
      const [path, wanted] = [new URL(href, app.url), new URL(to(format), app.url)];
      const has = (one: string) => path.searchParams.get(one) === wanted.searchParams.get(one);
      return path.pathname === wanted.pathname && has("format") && has("of") && has("by");
    };
    const [csv, json] = [links.findIndex(isTo("csv")), links.findIndex(isTo("json"))];
    expect([csv >= 0, json]).toEqual([true, csv + 1]);
  });
});

describe("a list that does not have everything", () => {
  async function* batches(): ListFile["batches"] {
    yield [["a", 1]];
    yield [];
    yield { cutAfter: "1 row" };
  }
  const textOf = async (format: ListFormat) => {
    let text = "";
    for await (const part of listFileText({ heads: ["Name", "Count"], fields: ["name", "count"], batches: batches() }, format))
      text += part;
    return text;
  };
  const sentence = "This file ends after 1 row. Narrow the filters for the rest.";

  test("says so last in each format", async () => {
    expect(await textOf("csv")).toBe(`\ufeffName,Count\r\na,1\r\n${sentence}\r\n`);
    expect(JSON.parse(await textOf("json"))).toEqual([{ name: "a", count: 1 }, { cut: sentence }]);
  });
});

test("an address with another format is a CSV file, and one without a list is not found", async () => {
  expect((await viewer.get("/lists/plans?format=xml")).headers.get("content-type")).toContain("text/csv");
  for (const path of ["/lists/passwords?format=json", "/jobs/none/items.json", "/impact/none/tenants.json"])
    expect([path, (await viewer.get(path)).status]).toEqual([path, 404]);
});
