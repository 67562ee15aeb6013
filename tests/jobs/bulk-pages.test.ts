import { eq } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { isoDay } from "~/core/time";
import { paths } from "~/paths";
import { type Browser, startTestApp, type TestApp } from "../support/app";
import { itemsOf, jobNow, queueBulk, seedBulkCatalogue, seedTenants, tenantsNamed } from "../support/bulk-world";
import { fieldIn, textOf } from "../support/page-text";
import { putAs, trialAs } from "../support/tenant-world";

let app: TestApp;
let owner: Browser;
let support: Browser;
let viewer: Browser;
beforeAll(async () => {
  app = await startTestApp();
  await seedBulkCatalogue(app.services);
  await seedTenants(app.services, tenantsNamed(60));
  await trialAs(app, "t00003", "sso");
  owner = await app.signIn("owner");
  support = await app.signIn("support");
  viewer = await app.signIn("viewer");
});
afterAll(() => app.close());
beforeEach(() => app.services.jobs.runAll());

const idIn = (answer: Response) => answer.headers.get("location")?.split("/").at(-1) as string;
/** The preview that a form leads to. */
async function preview(form: Record<string, string>, as = owner): Promise<string> {
  const answer = await as.post(paths.bulk(), form);
  expect(answer.status).toBe(302);
  await app.services.jobs.runAll();
  return idIn(answer);
}
const suspend = (keys: string) => ({ act: "suspend", from: "keys", keys });

test("what is ticked in a list is filled into the form, with what the list is about", async () => {
  const ticked: [string, string][] = [
    ["intent", "pick"],
    ["act", "extend_trial"],
    ["features", "sso"],
    ["tenant", "t00001"],
    ["tenant", "t00002"],
    ["tenant", "t00001"],
  ];
  const answer = await owner.post(paths.bulk(), ticked);
  const html = await answer.text();
  expect([answer.status, fieldIn(html, "keys")]).toEqual([200, "t00001\nt00002"]);
  expect(html).toMatch(/<input[^>]*checked=""[^>]*value="extend_trial"|<input[^>]*value="extend_trial"[^>]*checked=""/);
  expect(html).toMatch(/<input[^>]*name="features"[^>]*checked=""[^>]*value="sso"|<input[^>]*value="sso"[^>]*checked=""/);
  for (const list of ["/tenants", "/trials?tab=running"])
    expect(await (await owner.get(list)).text()).toMatch(/name="tenant"[^>]*value="t00003"/);
  expect(await (await viewer.get("/tenants")).text()).not.toContain('name="tenant"');
});

test("a preview leads to its job once, however often the button is pressed", async () => {
  const id = await preview(suspend("t00001\nt00002\nnobody"));
  const text = await textOf(await owner.get(paths.job(id)));
  expect(text).toContain("Preview: nothing is changed yet.");
  expect(text).toContain("Change 2 tenants");
  expect(text).toContain("There is no tenant with this key.");
  const presses = await Promise.all([1, 2, 3].map(() => owner.post(paths.job(id), { intent: "run" })));
  expect(new Set(presses.map(idIn)).size).toBe(1);
  await app.services.jobs.runAll();
  const job = await jobNow(app.services, { id: idIn(presses[0] as Response) });
  expect(job).toMatchObject({ state: "done", done: 2, skipped: 1, isPreview: false });
  expect(await textOf(await owner.get(paths.jobs()))).toContain("Suspend");
});

test("a preview that changes plans says how many lose and gain, and names them with a way back", async () => {
  await seedTenants(app.services, [
    ["loser", { plan: "pro" }],
    ["other", { plan: "pro" }],
  ]);
  const id = await preview({ act: "change_plan", from: "keys", keys: "loser\nother\nt00002", plan: "free" });
  expect(await textOf(await owner.get(paths.job(id)))).toMatch(
    /What tenants lose and gain Lose a feature 2 See who.* Over the new limit 0 Get another value or limit 2 See who.* Gain a feature 0/,
  );
  const named = await owner.get(paths.impact(id, { effect: "loses", back: paths.job(id) }));
  const html = await named.text();
  expect(await textOf(new Response(html))).toMatch(/Change the plan to Free.*loser.*SSO/);
  expect([html.includes(`href="${paths.job(id)}"`), html.includes(">Cancel<")]).toEqual([true, false]);
  expect((await owner.post(paths.impact(id), {})).status).toBe(404);
  const csv = (await (await owner.get(paths.impactFile(id, "csv"))).text()).split("\r\n");
  expect(csv.slice(1, 3)).toEqual([
    "other,other,loses,1,0,SSO: on → nothing (0 checks)",
    "loser,loser,loses,1,0,SSO: on → nothing (0 checks)",
  ]);
  const other = await preview(suspend("loser"));
  expect(await textOf(await owner.get(paths.job(other)))).not.toContain("What tenants lose and gain");
});

test("skipped tenants are tried again, once, and results are a file", async () => {
  const { services } = app;
  const job = await queueBulk(services, { act: "end_trial", features: ["sso"] }, { kind: "keys", keys: ["t00003", "t00004"] });
  await services.jobs.runAll();
  const csv = await owner.get(paths.jobFile(job.id, "csv"));
  expect([csv.headers.get("content-type"), (await csv.text()).split("\r\n")[2]]).toEqual([
    "text/csv; charset=utf-8",
    "2,t00004,skipped,Has no trial of SSO.",
  ]);
  expect((await (await owner.get(paths.jobFile(job.id, "csv", { state: "failed" }))).text()).trim()).toBe("number,tenant,state,message");
  await trialAs(app, "t00004", "sso");
  const again = idIn(await owner.post(paths.job(job.id), { intent: "again", state: "skipped" }));
  await services.jobs.runAll();
  expect(idIn(await owner.post(paths.job(job.id), { intent: "again", state: "skipped" }))).toBe(again);
  await services.jobs.runAll();
  expect((await itemsOf(services, { id: again })).map(({ subject, state }) => [subject, state])).toEqual([["t00004", "done"]]);
});

test("each role makes the acts that it may, and is refused the others with the role it takes", async () => {
  const page = await textOf(await support.get(paths.bulk()));
  expect([page.includes("Grant trial"), page.includes("Change plan")]).toEqual([true, false]);
  const grant = { act: "grant_trial", from: "keys", keys: "t00010", features: "sso", days: "7" };
  await preview(grant, support);
  for (const [who, form] of [
    [support, suspend("t00010")],
    [viewer, grant],
  ] as const) {
    const answer = await who.post(paths.bulk(), form);
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringMatching(/You need the role .*Ask an owner/)]);
  }
  const id = await preview(suspend("t00010"));
  expect((await support.post(paths.job(id), { intent: "run" })).status).toBe(403);
  expect((await support.get(paths.job(id))).status).toBe(200);
});

test("all that a plan gives is granted to many, and the preview names what each has already", async () => {
  await trialAs(app, "t00055", "sso");
  await putAs(app, "t00056", { plan: "pro" });
  const html = await (await support.get(paths.bulk())).text();
  expect(html).toMatch(/<option value="more">More calls/);
  const form = { act: "grant_bundle", from: "keys", keys: "t00055\nt00056\nt00057", bundle: "pro", days: "7" };
  const id = await preview(form, support);
  expect(await textOf(await support.get(paths.job(id)))).toContain("Grant the bundle Pro for 7 days");
  const found = await itemsOf(app.services, { id });
  expect(found.map(({ state, message }) => [state, message])).toEqual([
    [
      "done",
      expect.stringMatching(/^Gets the bundle Pro \(1 feature\) until .*\. Left out, because they are on trial in that time: SSO\.$/),
    ],
    ["skipped", expect.stringContaining("has all that Pro gives already")],
    ["done", expect.stringMatching(/^Gets the bundle Pro \(2 features\) until [^.]*\.$/)],
  ]);
  const run = (await support.post(paths.job(id), { intent: "run" })).headers.get("location")?.split("/").at(-1) as string;
  await app.services.jobs.runAll();
  expect(await jobNow(app.services, { id: run })).toMatchObject({ state: "done", done: 2, skipped: 1 });
  expect((await app.services.facts.tenant("t00057")).facts?.grants.map((grant) => grant.kind === "trial" && grant.bundle?.plan)).toEqual([
    "pro",
    "pro",
  ]);
});

test("all of the list of trials are chosen by its filter, and the form begins with what the list is about", async () => {
  await trialAs(app, "t00041", "sso");
  await trialAs(app, "t00042", "audit");
  const list = await (await owner.get("/trials?tab=running&feature=sso&q=t0004")).text();
  const address = /href="(\/bulk\?[^"]*list=trials[^"]*)"/.exec(list)?.[1]?.replaceAll("&amp;", "&") as string;
  const html = await (await owner.get(address)).text();
  expect(await textOf(new Response(html))).toContain("All 1 tenants with such a trial");
  expect(html).toMatch(/<input[^>]*checked=""[^>]*value="extend_trial"|<input[^>]*value="extend_trial"[^>]*checked=""/);
  const form = { act: "extend_trial", days: "3", features: "sso", from: "trials", query: fieldIn(html, "query") ?? "" };
  const id = await preview(form);
  expect((await itemsOf(app.services, { id })).map(({ subject, state }) => [subject, state])).toEqual([["t00041", "done"]]);
  const refused = await textOf(await owner.post(address, { ...form, days: "" }));
  expect([refused.includes("Give whole days"), refused.includes("tenants with such a trial")]).toEqual([true, true]);
  const byOutcome = await preview({ ...form, query: "tab=ended&outcome=lapsed" });
  expect(await jobNow(app.services, { id: byOutcome })).toMatchObject({ state: "done", total: 0 });
});

test("all that were refused a feature are chosen by the feature and the days", async () => {
  const { db } = app.services;
  const lastDay = isoDay(app.services.now());
  const row = (tenant: string, day = lastDay) => ({ feature: "audit", tenant, plan: "free", lastDay: day });
  const rows = [row("t00050"), row("t00051"), row("t00052", "2026-01-01"), row("nobody")];
  await db.transaction([], async (tx) => void (await tx.insert(db.tables.refusedTenants).values(rows)));
  const list = await (await owner.get("/usage/demand/audit?days=7")).text();
  const address = /href="(\/bulk\?[^"]*list=demand[^"]*)"/.exec(list)?.[1]?.replaceAll("&amp;", "&") as string;
  const html = await (await owner.get(address)).text();
  expect(await textOf(new Response(html))).toContain("All 3 tenants that were refused it");
  const form = { act: "grant_trial", days: "3", features: "audit", from: "demand", query: fieldIn(html, "query") ?? "" };
  const id = await preview(form);
  const found = (await itemsOf(app.services, { id })).map(({ subject, state }) => [subject, state]);
  expect(found).toEqual([["nobody", "skipped"], ...["t00050", "t00051"].map((key) => [key, "done"])]);
  const run = (await owner.post(paths.job(id), { intent: "run" })).headers.get("location")?.split("/").at(-1) as string;
  await app.services.jobs.runAll();
  expect(await jobNow(app.services, { id: run })).toMatchObject({ state: "done", done: 2, skipped: 1, total: 3 });
});

const refusals: [form: Record<string, string>, sentence: string][] = [
  [{ from: "keys", keys: "t00001" }, "Choose what to do."],
  [suspend(""), "Name at least one tenant."],
  [suspend("\n \n"), "Name at least one tenant."],
  [suspend("x".repeat(201)), "Each line is a tenant's key of up to 200 characters."],
  [suspend(Array.from({ length: 5_001 }, (_, i) => `k${i}`).join("\n")), "Name up to 5,000 tenants."],
  [{ ...suspend("a"), note: "n".repeat(1_001) }, "A note has up to 1,000 characters."],
  [{ ...suspend("a"), act: "change_plan" }, "Choose a plan."],
  [{ ...suspend("a"), act: "change_plan", plan: "none" }, "There is no plan none."],
  [{ ...suspend("a"), act: "change_plan", plan: "more" }, "More calls is an add-on, not a plan."],
  [{ ...suspend("a"), act: "add_add_on", addOn: "free" }, "Free is a plan, not an add-on."],
  [{ ...suspend("a"), act: "grant_trial", days: "7" }, "Choose at least one feature."],
  [{ ...suspend("a"), act: "grant_trial", days: "7", features: "none" }, "There is no feature none."],
  [{ ...suspend("a"), act: "grant_trial", days: "1e9", features: "sso" }, "Give whole days from 1 to 3,650."],
  [{ ...suspend("a"), act: "grant_bundle", days: "7" }, "Choose a plan."],
  [{ ...suspend("a"), act: "grant_bundle", days: "7", bundle: "none" }, "There is no plan none."],
  [{ ...suspend("a"), act: "grant_bundle", days: "0", bundle: "pro" }, "Give whole days from 1 to 3,650."],
  [{ ...suspend("a"), act: "extend_trial", days: "1.5" }, "Give whole days from 1 to 3,650."],
  [{ ...suspend("a"), act: "resync" }, "PostHog is not configured"],
  [{ act: "suspend", from: "demand", query: "feature=none" }, "There is no feature none."],
  [{ act: "suspend", from: "filter", query: "plan=none" }, "There is no plan none, so no tenant matches the filter."],
];
test.each(refusals)("%j is refused with its sentence, and nothing is queued", async (form, sentence) => {
  const answer = await owner.post(paths.bulk(), form);
  expect([answer.status, await textOf(answer)]).toEqual([422, expect.stringContaining(sentence)]);
});

test("a job of a kind that this version does not know is listed, shown and cancelled", async () => {
  const { services } = app;
  const { jobs } = services.db.tables;
  await services.jobs.runAll();
  const job = await queueBulk(services, { act: "suspend" }, { kind: "keys", keys: ["t00020"] });
  const ofNewerVersion = { kind: "newer" as "bulk", params: [] };
  await services.db.transaction([], async (tx) => void (await tx.update(jobs).set(ofNewerVersion).where(eq(jobs.id, job.id))));
  const name = "A job that this version of Latchkey does not know";
  for (const path of [paths.jobs(), paths.job(job.id)]) expect(await textOf(await owner.get(path))).toContain(name);
  expect((await support.post(paths.job(job.id), { intent: "cancel" })).status).toBe(403);
  expect((await owner.post(paths.job(job.id), { intent: "cancel" })).status).toBe(302);
  expect(await jobNow(services, job)).toMatchObject({ state: "cancelled" });
  expect((await owner.post(paths.job(job.id), { intent: "again", state: "failed" })).headers.get("location")).toBe(paths.job(job.id));
});

test("addresses edited by hand show a page, or say what is missing", async () => {
  const { id } = await queueBulk(app.services, { act: "suspend" }, { kind: "keys", keys: ["t00020"] });
  const statuses: [string, number][] = [
    [`/jobs/${id}?state=none&after=-1`, 200],
    [`/jobs/${id}?state=done&after=99999999999999999999`, 200],
    ["/jobs/none", 404],
    ["/jobs/none/items.csv", 404],
    ["/jobs?cursor=none", 200],
    ["/bulk?all=1&plan=none&feature=none&trial=x", 200],
    ["/bulk?all=1", 200],
    ["/bulk?all=1&list=trials&tab=none&outcome=none&ends=x&from=y", 200],
    ["/bulk?all=1&list=demand&feature=none&days=x", 200],
    ["/bulk?all=1&list=demand", 200],
    ["/bulk?all=1&list=none", 200],
  ];
  for (const [path, status] of statuses) expect([path, (await owner.get(path)).status]).toEqual([path, status]);
  expect((await owner.post("/jobs/none", { intent: "cancel" })).status).toBe(404);
  for (const intent of ["run", "again", "none"]) expect((await owner.post(paths.job(id), { intent, state: "failed" })).status).toBe(302);
  expect(await jobNow(app.services, { id })).toMatchObject({ state: "queued" });
});
