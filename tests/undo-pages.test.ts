import { desc, eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { day } from "~/core/time";
import { paths } from "~/paths";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { seedTenants, tenantsNamed } from "./support/bulk-world";
import { textOf } from "./support/page-text";
import { overrideAs, putAs, seedCatalogue, trialAs } from "./support/tenant-world";

let app: TestApp;
let support: Browser;
let admin: Browser;
let key: string;
beforeAll(async () => {
  app = await startTestApp();
  await seedCatalogue(app);
  support = await app.signIn("support");
  admin = await app.signIn("admin");
  key = await app.apiKey("manage");
});
afterAll(() => app.close());

let count = 0;
async function tenant(): Promise<string> {
  const name = `u${++count}`;
  await putAs(app, name, { name: `Tenant ${name}`, plan: "starter" });
  return name;
}
const newestOf = async (subject: string) => {
  const { read, tables } = app.services.db;
  const [row] = await read.select().from(tables.audit).where(eq(tables.audit.subject, subject)).orderBy(desc(tables.audit.seq)).limit(1);
  return row?.seq as number;
};
const liveOf = async (subject: string) => ((await app.services.facts.tenant(subject)).facts?.grants ?? []).map((g) => g.feature).sort();
const toastOf = (response: Response) => decodeURIComponent(response.headers.get("set-cookie") ?? "");
const api = (seq: number | string, body?: object, headers: Record<string, string> = {}) =>
  fetch(`${app.url}/api/audit/${seq}/undo`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    body: JSON.stringify(body ?? {}),
  });

test("a toast's Undo ends exactly what the act granted, returns, and offers to undo the undo", async () => {
  const [one, other] = [await tenant(), await tenant()];
  await trialAs(app, one, "audit.log");
  await trialAs(app, other, "sso");
  const granted = await support.post(paths.trialNew(one), { feature: "sso", length: "14" });
  const seq = await newestOf(one);
  expect(toastOf(granted)).toContain(`success;${seq}:`);
  const done = await support.post(paths.auditUndo(seq), { returnTo: "/tenants?q=t" });
  expect([done.status, done.headers.get("location")]).toEqual([302, "/tenants?q=t"]);
  expect(await liveOf(one)).toEqual(["audit.log"]);
  expect(await liveOf(other)).toEqual(["sso"]);
  expect(toastOf(done)).toContain(`success;${await newestOf(one)}:Undone.`);
  await support.post(paths.auditUndo(await newestOf(one)));
  expect(await liveOf(one)).toEqual(["audit.log", "sso"]);
});

test("a toast's Undo of what was changed since does nothing, and leads to the page that says why", async () => {
  const name = await tenant();
  await putAs(app, name, { plan: "premium", name: "Renamed" });
  const seq = await newestOf(name);
  await putAs(app, name, { plan: null });
  const refused = await admin.post(paths.auditUndo(seq), { returnTo: "/tenants" });
  expect([refused.status, refused.headers.get("location")]).toEqual([302, paths.auditUndo(seq, "/tenants")]);
  const html = await (await admin.get(paths.auditUndo(seq))).text();
  expect(await textOf(new Response(html))).toContain("One part stays as it is The plan of Renamed was changed since by");
  const digest = /name="reviewed" value="([^"]+)"/.exec(html)?.[1] as string;
  const stale = await admin.post(paths.auditUndo(seq), { reviewed: "another", partial: "yes" });
  expect([stale.status, await textOf(stale)]).toEqual([409, expect.stringContaining("Something was changed since you looked.")]);
  expect((await app.services.facts.tenant(name)).facts?.name).toBe("Renamed");
  await admin.post(paths.auditUndo(seq), { reviewed: digest, partial: "yes" });
  expect((await app.services.facts.tenant(name)).facts).toMatchObject({ name: `Tenant ${name}`, plan: null });
});

test("the undo of a large act shows first what goes back, then runs as a job, and is offered for undo itself", async () => {
  const keys = tenantsNamed(501, { plan: "starter" });
  await seedTenants(app.services, keys);
  const seq = await newestOf("t00500");
  await putAs(app, "t00007", { name: "Renamed since" });
  const page = await textOf(await admin.get(paths.auditUndo(seq)));
  expect(page).toContain("This act has 501 entries.");
  expect(page).toContain("Show what goes back");
  expect(await textOf(await support.get(paths.auditUndo(seq)))).not.toContain("Show what goes back");
  expect((await support.post(paths.auditUndo(seq))).status).toBe(403);
  const shown = (await admin.post(paths.auditUndo(seq), { note: "Wrong file" })).headers.get("location") as string;
  await app.services.jobs.runAll();
  const preview = await textOf(await admin.get(shown));
  expect(preview).toContain("Preview: nothing is changed yet.");
  expect(preview).toContain("Undo for 500 tenants");
  expect(preview).toContain("Renamed since was changed since it was created by");
  const run = (await admin.post(shown, { intent: "run" })).headers.get("location") as string;
  await app.services.jobs.runAll();
  const done = await (await admin.get(run)).text();
  expect(await textOf(new Response(done))).toContain(`Undo of entry ${seq}`);
  expect(done).toMatch(/href="\/activity\/\d+\/undo\?/);
  const factsOf = async (name: string) => (await app.services.facts.tenant(name)).facts;
  expect([(await factsOf("t00006"))?.status, (await factsOf("t00007"))?.status]).toEqual(["archived", "active"]);
  // A toast's form leads to what would be done, too.
  expect((await admin.post(paths.auditUndo(seq), { returnTo: "/tenants" })).headers.get("location")).toMatch(/^\/jobs\//);
});

test("an undo needs the right of what it undoes", async () => {
  const name = await tenant();
  await overrideAs(app, name, { feature: "sso", effect: "deny", endsAt: null });
  const seq = await newestOf(name);
  const page = await (await support.get(paths.auditUndo(seq))).text();
  expect(page).not.toContain('name="reviewed"');
  expect((await support.post(paths.auditUndo(seq))).status).toBe(403);
  expect(await liveOf(name)).toEqual(["sso"]);
  expect((await admin.post(paths.auditUndo(seq))).status).toBe(302);
  expect(await liveOf(name)).toEqual([]);
});

test("an unknown entry is a 404, one of a kind that cannot be undone says so, and no form leads to another site", async () => {
  for (const seq of ["9999999", "x", "1e3", "-1"]) {
    expect((await admin.get(`/activity/${seq}/undo`)).status).toBe(404);
    expect((await admin.post(`/activity/${seq}/undo`)).status).toBe(404);
  }
  const { read, tables } = app.services.db;
  const [made] = await read.select().from(tables.audit).where(eq(tables.audit.action, "api_key.created")).limit(1);
  const seq = made?.seq as number;
  expect(await textOf(await admin.get(paths.auditUndo(seq)))).toContain("This cannot be undone API keys cannot be brought back");
  expect((await admin.post(paths.auditUndo(seq))).status).toBe(422);
  const name = await tenant();
  await trialAs(app, name, "sso");
  const done = await support.post(paths.auditUndo(await newestOf(name)), { returnTo: "//evil.example/x" });
  expect(done.headers.get("location")).toBe(paths.auditEntry((await newestOf(name)) - 1));
});

test("Activity offers Undo on entries that can be undone alone", async () => {
  const name = await tenant();
  await trialAs(app, name, "sso");
  const html = await (await support.get(paths.tenantAudit(name))).text();
  expect(html).toContain(paths.auditUndo(await newestOf(name)));
  expect(await textOf(await support.get(paths.auditEntry(await newestOf(name))))).toContain("Undo");
});

test("the API previews, refuses in full, goes on in part, and answers a repeated key as before", async () => {
  const name = await tenant();
  await putAs(app, name, { plan: "premium", name: "Renamed" });
  const seq = await newestOf(name);
  const dry = await (await api(seq, { dryRun: true })).json();
  expect(dry).toMatchObject({
    ...{ dryRun: true, seq, changeSet: null, changed: 1, refused: 0, stays: [], documentsOmitted: false },
    changes: [{ subjectKind: "tenant", subject: name, before: { plan: "premium" }, after: { plan: "starter", name: `Tenant ${name}` } }],
  });
  app.clock.now += day;
  await putAs(app, name, { plan: null });
  const refused = await api(seq);
  expect([refused.status, await refused.json()]).toMatchObject([
    409,
    { code: "undo_refused", detail: expect.stringMatching(/^The plan of Renamed was changed since by .* on 21 Nov, 10:00 UTC\.$/) },
  ]);
  const sent = () => api(seq, { partial: true, note: "Wrong tenant" }, { "idempotency-key": "undo-1" });
  const first = await (await sent()).json();
  expect(first).toMatchObject({ dryRun: false, changed: 1, refused: 1, stays: [{ field: "plan", subject: name }] });
  const again = await sent();
  expect([again.headers.get("idempotency-replayed"), await again.json()]).toEqual(["true", first]);
  expect((await app.services.facts.tenant(name)).facts).toMatchObject({ name: `Tenant ${name}`, plan: null });
  expect((await api(999_999)).status).toBe(404);
  expect((await api("x")).status).toBe(400);
});
