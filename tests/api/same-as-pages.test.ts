import { desc } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { day } from "~/core/time";
import { paths } from "~/paths";
import { type Browser, startTestApp, type TestApp } from "../support/app";
import { now } from "../support/facts";
import { seedCatalogue } from "../support/tenant-world";

let byHand: TestApp;
let byProgram: TestApp;
let admin: Browser;
let key: string;
beforeAll(async () => {
  [byHand, byProgram] = [await startTestApp(), await startTestApp()];
  for (const app of [byHand, byProgram]) await seedCatalogue(app);
  // Both have a key: making one takes a number of the sequence that revisions are drawn from.
  await byHand.apiKey("manage");
  key = await byProgram.apiKey("manage");
  admin = await byHand.signIn("admin");
});
afterAll(async () => {
  for (const app of [byHand, byProgram]) await app.close();
});

type Step = [what: string, page: () => Promise<Response>, call: () => Promise<Response>];

const send = (method: string, path: string, body?: unknown) =>
  fetch(byProgram.url + path, {
    method,
    body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
    headers: { authorization: `Bearer ${key}`, "content-type": typeof body === "string" ? "application/yaml" : "application/json" },
  });
const put = (path: string, body: unknown) => send("PUT", path, body);
const post = (path: string, body: unknown) => send("POST", path, body);

const rows = ({ services: { db } }: TestApp) => db.read.select().from(db.tables.audit).orderBy(desc(db.tables.audit.seq));
const factsOf = async ({ services }: TestApp, tenant: string) => (await services.facts.tenant(tenant)).facts;
/** The grant that was added last. */
const grantOf = async (app: TestApp) => (await factsOf(app, "acme"))?.grants.find((g) => g.endedAt === null)?.id ?? "";
const revision = async () => String((await factsOf(byHand, "acme"))?.revision);
const revisionOf = (of: "plans" | "features", name: string) =>
  String(byHand.services.facts.catalogueFacts()[of].find((thing) => thing.key === name)?.revision);

/** Ids are drawn, and who did it is of course another one. */
function withoutNames(value: unknown): unknown {
  const ids = new Map<string, string>();
  const text = JSON.stringify(value)
    .replace(/gr_[A-Za-z0-9]+/g, (id) => ids.get(id) ?? (ids.set(id, `grant ${ids.size + 1}`).get(id) as string))
    .replace(/"createdBy":"[^"]*"/g, '"createdBy":"somebody"');
  return JSON.parse(text);
}

const file = `latchkey: 1
features:
  sso: Single sign-on
plans:
  starter:
    features: [sso]
`;
const feature = { kind: "number", better: "higher", options: "", resetPeriod: "month", limit: "hard", unit: "" };

const steps: Step[] = [
  [
    "a tenant is created",
    () => admin.post(paths.tenantNew(), { key: "acme", name: "Acme", plan: "starter", addOns: "phone", metadata: '{"region":"eu"}' }),
    () => put("/api/tenants/acme", { name: "Acme", plan: "starter", addOns: ["phone"], metadata: { region: "eu" } }),
  ],
  [
    "its plan is changed",
    async () => admin.post(paths.tenantPlan("acme"), { expected: await revision(), plan: "premium", note: "Upgrade" }),
    () => put("/api/tenants/acme", { plan: "premium", addOns: [], why: "Upgrade" }),
  ],
  [
    "its status is changed",
    async () => admin.post(paths.tenantStatus("acme"), { expected: await revision(), status: "suspended", note: "Unpaid" }),
    () => put("/api/tenants/acme", { status: "suspended", why: "Unpaid" }),
  ],
  [
    "it is reinstated",
    async () => admin.post(paths.tenantStatus("acme"), { expected: await revision(), status: "active" }),
    () => put("/api/tenants/acme", { status: "active" }),
  ],
  [
    "a trial is granted",
    () => admin.post(paths.trialNew("acme"), { feature: "epics", length: "7", note: "Asked by sales" }),
    () => post("/api/tenants/acme/grants", { kind: "trial", feature: "epics", days: 7, note: "Asked by sales" }),
  ],
  [
    "it is extended",
    async () => admin.post(paths.grantExtend("acme", await grantOf(byHand)), { length: "7", note: "Once more" }),
    async () =>
      post(`/api/grants/${await grantOf(byProgram)}/extend`, { endsAt: new Date(now + 14 * day).toISOString(), note: "Once more" }),
  ],
  [
    "it is ended",
    async () => admin.post(paths.grantEnd("acme", await grantOf(byHand)), { note: "Signed" }),
    async () => post(`/api/grants/${await grantOf(byProgram)}/end`, { note: "Signed" }),
  ],
  [
    "an override is set",
    () => admin.post(paths.overrideNew("acme"), { feature: "api.calls", effect: "allow", value: "Unlimited", note: "Agreed" }),
    () => post("/api/tenants/acme/grants", { kind: "override", feature: "api.calls", effect: "allow", value: "unlimited", note: "Agreed" }),
  ],
  [
    "a plan is created",
    () =>
      admin.post(paths.planNew(), { key: "team", name: "Team", kind: "base", rank: "15", includes: "starter", description: "For teams" }),
    () => put("/api/plans/team", { name: "Team", rank: 15, includes: "starter", description: "For teams" }),
  ],
  [
    "a plan gives something",
    () => admin.post(paths.planCell("team", "sso"), { gives: "own", was: "null", why: "Asked for" }),
    () => put("/api/plans/team", { features: { sso: true }, why: "Asked for" }),
  ],
  [
    "a plan is changed",
    () =>
      admin.post(paths.planEdit("team"), {
        intent: "save",
        name: "Teams",
        rank: "16",
        includes: "",
        description: "",
        expected: revisionOf("plans", "team"),
      }),
    () => put("/api/plans/team", { name: "Teams", rank: 16, includes: null, description: null }),
  ],
  [
    "a plan is archived",
    () => admin.post(paths.planEdit("team"), { intent: "archive", why: "Old" }),
    () => post("/api/plans/team/archive", { why: "Old" }),
  ],
  ["a plan is restored", () => admin.post(paths.planEdit("team"), { intent: "restore" }), () => post("/api/plans/team/restore", {})],
  ["a plan is deleted", () => admin.post(paths.planEdit("team"), { intent: "delete" }), () => send("DELETE", "/api/plans/team")],
  [
    "a feature is created",
    () =>
      admin.post(paths.featureNew(), {
        ...feature,
        key: "seats",
        name: "Seats",
        type: "metered",
        resetPeriod: "never",
        limit: "soft",
        unit: "seats",
      }),
    () => put("/api/features/seats", { name: "Seats", type: "metered", meter: { resetPeriod: "never", soft: true, unit: "seats" } }),
  ],
  [
    "a feature is archived",
    () => admin.post(paths.featureEdit("seats"), { intent: "archive", why: "Gone" }),
    () => post("/api/features/seats/archive", { why: "Gone" }),
  ],
  [
    "a feature is restored",
    () => admin.post(paths.featureEdit("seats"), { intent: "restore" }),
    () => post("/api/features/seats/restore", {}),
  ],
  [
    "a catalogue is imported",
    async () => {
      const shown = await (await admin.post(paths.importPreview(), { text: file })).text();
      return admin.post(paths.importPreview(), {
        text: file,
        name: "the catalogue",
        revision: /name="revision" value="(\d+)"/.exec(shown)?.[1] ?? "",
      });
    },
    () => post("/api/catalogue/import", file),
  ],
];

test("what is done on a page and what is done by a program leave the same rows in the audit log and the same facts", async () => {
  for (const [what, page, call] of steps) {
    const before = await Promise.all([byHand, byProgram].map(async (app) => (await rows(app)).length));
    const [shown, answered] = [await page(), await call()];
    expect([what, shown.status < 400, answered.ok, answered.ok ? "" : await answered.text()]).toEqual([what, true, true, ""]);
    const [hand, program] = await Promise.all(
      [byHand, byProgram].map(async (app, i) =>
        (await rows(app))
          .slice(0, -(before[i] ?? 0) || undefined)
          .map(({ action, subjectKind, subject, before, after, why, at }) => ({ action, subjectKind, subject, before, after, why, at })),
      ),
    );
    expect([what, program?.length]).toEqual([what, 1]);
    expect([what, withoutNames(program)]).toEqual([what, withoutNames(hand)]);
    const facts = async (app: TestApp) => withoutNames([await factsOf(app, "acme"), app.services.facts.catalogueFacts()]);
    expect([what, await facts(byProgram)]).toEqual([what, await facts(byHand)]);
  }
});
