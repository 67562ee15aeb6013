import { noApprovals } from "~/core/approvals/approvals";
import type { TenantFacts } from "~/core/model";
import type { Role } from "~/core/permissions";
import { isKeyRequest } from "~/core/requests/key-request";
import { scheduleChange } from "~/core/schedules/schedule-changes";
import { day } from "~/core/time";
import { paths } from "~/paths";
import { saveApprovals } from "~/server/approvals/approval-rules.server";
import { editDraft, ownDraft } from "~/server/catalogue/drafts.server";
import { createImpact } from "~/server/catalogue/impacts.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { createKey } from "~/server/keys/api-keys.server";
import { createPersonsKey } from "~/server/keys/key-approval.server";
import { askForFeature } from "~/server/requests/ask.server";
import { approveKeyRequest } from "~/server/requests/decide.server";
import { requestsAfter } from "~/server/requests/inbox.server";
import { savedViews, saveView } from "~/server/tenants/saved-views.server";
import { testEndpoint } from "~/server/webhooks/delivery-acts.server";
import { createEndpoint, removeEndpoint } from "~/server/webhooks/endpoint-edits.server";
import { listAuditHeads } from "~db/store/audit.server";
import { listEndpoints } from "~db/store/webhook-endpoints.server";
import { adasPassword } from "./ada";
import { ada } from "./api";
import type { Browser, TestApp } from "./app";
import { queueBulk } from "./bulk-world";
import { uploadCsv } from "./csv-world";
import { fieldIn } from "./page-text";
import { remixBuild } from "./remix-build";
import { overrideAs, putAs, trialAs } from "./tenant-world";
import { newSetup } from "./totp";

type Form = Record<string, string> | [string, string][];
export type PageAct = {
  name: string;
  /** Remix's id of the route. */
  route: string;
  path: (app: TestApp) => string | Promise<string>;
  /** `browser` shows the page. `own`: the browser that sends the form, if it is another one. */
  form: Form | ((app: TestApp, browser: Browser, own?: Browser) => Form | Promise<Form>);
  /** It only sends the form on. */
  isSentOn?: true;
  /** The lowest role that may do it, written out here so that the table of permissions is held to it. */
  from: Role;
};

/** Routes with actions that need no right: their users are not signed in yet, or only sign out. */
export const withoutRights = [
  "routes/invite.$token",
  "routes/setup.$token",
  "routes/sign-in",
  "routes/sign-in_.code",
  "routes/sign-out",
  "routes/theme",
  // Only without a catalogue; catalogue changes below cover it.
  "routes/welcome",
];

/** Routes of all pages with an action. */
export async function actionsOfPages(): Promise<string[]> {
  const { routes } = await remixBuild();
  return Object.values(routes)
    .flatMap((route) => (route?.module.action ? [route.id] : []))
    .sort();
}

let count = 0;
/** Whose draft others publish. */
const draftsman = { id: "adm_draftsman", name: "Drew" };
const draftsmanActor = { kind: "admin", ...draftsman } as const;
const next = () => `n${++count}`;
async function tenant(app: TestApp): Promise<string> {
  const key = next();
  await putAs(app, key, { name: `Tenant ${key}`, plan: "starter" });
  return key;
}
const grantIn = async (app: TestApp, pathOf: (tenant: string, grant: string) => string) => {
  const key = await tenant(app);
  return pathOf(key, await trialAs(app, key, "sso"));
};
let toConvert = "";
const overrideIn = async (app: TestApp, pathOf: (tenant: string, grant: string) => string) => {
  const key = await tenant(app);
  const endsAt = app.services.now() + 7 * day;
  return pathOf(key, await overrideAs(app, key, { feature: "sso", effect: "allow", endsAt }));
};
const apiKey = async ({ services }: TestApp) => (await createKey(services, ada, { name: "K", scopes: ["check"], expiresAt: null })).id;
async function otherAdmin(app: TestApp): Promise<string> {
  const id = next();
  await app.signIn("viewer", id);
  return paths.admin(id);
}
async function disabledAdmin(app: TestApp): Promise<string> {
  const id = next();
  await app.signIn("viewer", id);
  const { db, now } = app.services;
  await db.transaction([], async (tx) => {
    const { admins } = db.tables;
    const { eq } = await import("drizzle-orm");
    await tx
      .update(admins)
      .set({ disabledAt: new Date(now()) })
      .where(eq(admins.id, id));
  });
  return paths.admin(id);
}
async function newPlan(app: TestApp): Promise<string> {
  const browser = await app.signIn("admin", next());
  const key = next();
  await browser.post(paths.planNew(), { key, name: key, kind: "base" });
  return paths.planEdit(key);
}
async function newFeature(app: TestApp): Promise<string> {
  const browser = await app.signIn("admin", next());
  const key = next();
  await browser.post(paths.featureNew(), { key, name: key, type: "boolean" });
  return paths.featureEdit(key);
}
/** With the revision shown on the page at `path`. */
const seen = (path: string, fields: Record<string, string>) => async (_app: TestApp, browser: Browser) => ({
  ...fields,
  expected: fieldIn(await (await browser.get(path)).text(), "expected") ?? "",
});

/** A form about its own tenant, with the tenant's revision. */
function ofTenant(name: string, route: string, pathOf: (key: string) => string, fields: Record<string, string>): PageAct {
  let key = "";
  return {
    name,
    from: "admin",
    route,
    path: async (app) => {
      key = await tenant(app);
      return pathOf(key);
    },
    form: async ({ services }) => ({ ...fields, expected: String((await services.facts.tenant(key)).facts?.revision) }),
  };
}

/** Removes the one before: there are 20 at most. */
async function webhook({ services }: TestApp): Promise<string> {
  for (const { id } of await listEndpoints(services.db.read, services.db.tables)) await removeEndpoint(services, ada, id);
  const made = await createEndpoint(services, ada, { url: "https://example.com/", kind: "standard", events: ["grant.created"] });
  if (!made.ok) throw new Error(made.message);
  return made.id;
}

const viewOf = async ({ services }: TestApp) => {
  const name = next();
  await saveView(services, ada, name, new URLSearchParams({ status: "active" }));
  return (await savedViews(services)).find((view) => view.name === name)?.id ?? "";
};

let draftVersion = 0;
let plan = "";
let featurePage = "";

export const pageActs: PageAct[] = [
  {
    name: "preview a change of many tenants",
    route: "routes/_app.bulk",
    path: async ({ services }) => {
      // A person has a few jobs at a time.
      await services.jobs.runAll();
      return paths.bulk();
    },
    form: { act: "suspend", from: "keys", keys: "acme" },
    from: "admin",
  },
  {
    name: "look at what a change does to tenants",
    route: "routes/impact._index",
    path: async ({ services }) => {
      await services.jobs.runAll();
      return `${paths.impacts()}?index`;
    },
    form: () => ({
      edit: JSON.stringify({ kind: "cells", cells: [{ plan: "starter", feature: "sso", value: ++count % 2 ? true : null }] }),
    }),
    from: "admin",
  },
  {
    name: "edit cells of the grid in a draft",
    route: "routes/_app.plans._index",
    path: () => `${paths.plans()}?index`,
    form: () => ({ cells: JSON.stringify([{ plan: "starter", feature: "sso", text: ++count % 2 ? "on" : "" }]) }),
    from: "admin",
  },
  {
    name: "publish a draft",
    route: "routes/_app.drafts.$id",
    path: async ({ services }) => {
      const { entries = [] } = services.facts.catalogue().plans.get("starter") ?? {};
      const value = entries.some((entry) => entry.feature === "sso") ? null : true;
      const saved = await editDraft(services, draftsman, [{ plan: "starter", feature: "sso", value }]);
      if (!saved.ok) throw new Error(saved.message);
      return paths.draft(saved.draft.id);
    },
    form: async ({ services }) => ({ intent: "publish", version: String((await ownDraft(services, draftsman.id))?.version) }),
    from: "admin",
  },
  {
    name: "schedule the publication of a draft",
    route: "routes/_app.drafts.$id",
    path: async ({ services }) => {
      const by = next();
      const saved = await editDraft(services, { id: by, name: by }, [{ plan: "starter", feature: "sso", value: null }]);
      const other = saved.ok && saved.draft.cells.length > 0 ? saved : null;
      const made = other ?? (await editDraft(services, { id: by, name: by }, [{ plan: "starter", feature: "sso", value: true }]));
      if (!made.ok) throw new Error(made.message);
      draftVersion = made.draft.version;
      return paths.draft(made.draft.id);
    },
    form: () => ({ intent: "schedule", version: String(draftVersion), at: "2099-01-01T00:00", zone: "UTC" }),
    from: "admin",
  },
  {
    name: "cancel an impact",
    route: "routes/_app.impact.$id",
    path: async ({ services }) => {
      await services.jobs.runAll();
      const source = { kind: "cells" as const, cells: [{ plan: "starter", feature: "sso", value: null }] };
      const made = await createImpact(services, ada, { title: next(), source });
      if (!made.ok) throw new Error(made.message);
      return paths.impact(made.job.id);
    },
    form: {},
    from: "admin",
  },
  {
    name: "cancel a job",
    route: "routes/_app.jobs.$id",
    path: async ({ services }) => {
      await services.jobs.runAll();
      return paths.job((await queueBulk(services, { act: "suspend" }, { kind: "keys", keys: [next()] })).id);
    },
    form: { intent: "cancel" },
    from: "admin",
  },
  {
    name: "invite",
    from: "owner",
    route: "routes/_app.people.invite",
    path: paths.adminInvite,
    form: () => ({ name: "I", email: `${next()}@example.com`, role: "viewer" }),
  },
  {
    name: "grant a request",
    from: "support",
    route: "routes/_app.requests",
    path: () => paths.requests(),
    form: async (app) => {
      const asked = await askForFeature(app.services, ada, { tenant: await tenant(app), feature: "sso", user: null, note: null });
      return { id: asked.ok ? asked.request.id : "", intent: "grant", days: "7" };
    },
  },
  {
    name: "withdraw a request",
    from: "support",
    route: "routes/_app.requests",
    path: () => paths.requests(),
    form: async (app, browser, own = browser) => {
      const key = await tenant(app);
      await own.post(paths.trialNew(key), { feature: "sso", length: "14", zone: "UTC", intent: "ask" });
      const { requests } = await requestsAfter(app.services, { tenant: key }, 1);
      return { id: requests[0]?.id ?? "", intent: "withdraw" };
    },
  },
  {
    name: "create an approved key",
    from: "admin",
    route: "routes/_app.requests_.key",
    // The page of another request: the form names its own.
    path: async ({ services }) => {
      await saveApprovals(services, ada, { ...noApprovals, manageKeys: true });
      const form = { name: next(), scopes: ["manage" as const], days: null, note: null };
      const held = await createPersonsKey(services, draftsmanActor, form);
      return paths.requestKey(("request" in held && held.request?.id) || "");
    },
    form: async (app, browser, own = browser) => {
      await saveApprovals(app.services, ada, { ...noApprovals, manageKeys: true });
      await own.post(paths.keyNew(), { name: "K", kind: "live", scopes: "manage", expires: "never" });
      await saveApprovals(app.services, ada, noApprovals);
      const [request] = (await requestsAfter(app.services, { state: "waiting" }, 50)).requests
        .filter(isKeyRequest)
        .filter(({ actor }) => actor.id !== draftsman.id);
      if (request) await approveKeyRequest(app.services, draftsmanActor, request, null);
      return { id: request?.id ?? "rq_none" };
    },
  },
  {
    name: "change approvals",
    from: "owner",
    route: "routes/_app.rails_.approvals",
    path: paths.approvals,
    form: { trialDays: "3650" },
  },
  {
    name: "change guard rails",
    from: "admin",
    route: "routes/_app.rails",
    path: paths.rails,
    form: { maxDays: "3650", support: "bound" },
  },
  { name: "change a role", from: "owner", route: "routes/_app.people.$id", path: otherAdmin, form: { intent: "role", role: "admin" } },
  { name: "disable", from: "owner", route: "routes/_app.people.$id", path: otherAdmin, form: { intent: "disable" } },
  { name: "enable", from: "owner", route: "routes/_app.people.$id", path: disabledAdmin, form: { intent: "enable" } },
  { name: "make a link", from: "owner", route: "routes/_app.people.$id", path: otherAdmin, form: { intent: "link" } },
  {
    name: "sign out elsewhere",
    route: "routes/_app.account",
    path: paths.account,
    form: { intent: "sign-out-others" },
    from: "viewer",
  },
  { name: "allow session replay", route: "routes/_app.account", path: paths.account, form: { intent: "allow-replay" }, from: "viewer" },
  {
    name: "switch on the second factor",
    route: "routes/_app.account_.second-factor",
    path: paths.secondFactor,
    form: async ({ services }, browser, own = browser) => {
      const { setup, code } = await newSetup(own, services.now());
      return { intent: "on", current: adasPassword, setup, code };
    },
    from: "viewer",
  },
  {
    name: "change the password",
    route: "routes/_app.account",
    path: paths.account,
    form: { intent: "password", current: adasPassword, password: "kettle lantern meadow" },
    from: "viewer",
  },
  {
    name: "keep columns",
    route: "routes/tenant-columns",
    path: paths.tenantColumns,
    form: { intent: "keep", cols: "plan", density: "compact" },
    from: "viewer",
  },
  {
    name: "save a view",
    route: "routes/tenant-views",
    path: paths.tenantViews,
    form: () => ({ intent: "save", name: next(), returnQuery: "status=active" }),
    from: "admin",
  },
  {
    name: "delete a view",
    route: "routes/tenant-views",
    path: paths.tenantViews,
    form: async (app) => ({ intent: "delete", id: await viewOf(app) }),
    from: "admin",
  },
  {
    name: "make a key",
    from: "admin",
    route: "routes/_app.keys.new",
    path: paths.keyNew,
    form: { name: "K", kind: "live", scopes: "check", expires: "never" },
  },
  {
    name: "revoke a key",
    from: "admin",
    route: "routes/_app.keys.$id.revoke",
    path: async (app) => paths.keyRevoke(await apiKey(app)),
    form: {},
  },
  {
    name: "rotate a key",
    from: "admin",
    route: "routes/_app.keys.$id.rotate",
    path: async (app) => paths.keyRotate(await apiKey(app)),
    form: { overlap: "1" },
  },
  {
    name: "keep a preset",
    from: "admin",
    route: "routes/_app.trials.presets.new",
    path: () => paths.trialPresetNew(),
    form: () => ({ name: next(), features: "sso", days: "14" }),
  },
  {
    name: "delete a preset",
    from: "admin",
    route: "routes/_app.trials.presets._index",
    path: async (app) => {
      const browser = await app.signIn("admin", next());
      await browser.post(paths.trialPresetNew(), { name: "Gone", features: "sso", days: "14" });
      return paths.trialPresets();
    },
    form: { name: "Gone" },
  },
  {
    name: "create a feature",
    from: "admin",
    route: "routes/_app.features.new",
    path: paths.featureNew,
    form: () => ({ key: next(), name: "F", type: "boolean" }),
  },
  {
    name: "save a feature",
    from: "admin",
    route: "routes/_app.features.$feature_.edit",
    path: async (app) => {
      featurePage = await newFeature(app);
      return featurePage;
    },
    form: (app, browser) => seen(featurePage, { intent: "save", name: "Other" })(app, browser),
  },
  { name: "archive a feature", from: "admin", route: "routes/_app.features.$feature_.edit", path: newFeature, form: { intent: "archive" } },
  {
    name: "create a plan",
    from: "admin",
    route: "routes/_app.plans.new",
    path: paths.planNew,
    form: () => ({ key: next(), name: "P", kind: "base" }),
  },
  {
    name: "save a plan",
    from: "admin",
    route: "routes/_app.plans.$plan_.edit",
    path: async (app) => {
      plan = await newPlan(app);
      return plan;
    },
    form: (app, browser) => seen(plan, { intent: "save", name: "Other", rank: "77" })(app, browser),
  },
  { name: "delete a plan", from: "admin", route: "routes/_app.plans.$plan_.edit", path: newPlan, form: { intent: "delete" } },
  {
    name: "send a feature's form to its former address",
    isSentOn: true,
    from: "admin",
    route: "routes/_app.features.$feature",
    path: async (app) => (await newFeature(app)).replace(/\/edit$/, ""),
    form: { intent: "archive" },
  },
  {
    name: "send a plan's form to its former address",
    isSentOn: true,
    from: "admin",
    route: "routes/_app.plans.$plan",
    path: async (app) => (await newPlan(app)).replace(/\/edit$/, ""),
    form: { intent: "archive" },
  },
  {
    name: "change a cell",
    from: "admin",
    route: "routes/_app.plans.$plan_.features.$feature",
    path: async (app) => `${(await newPlan(app)).replace(/\/edit$/, "")}/features/sso`,
    form: { gives: "own", value: "on", was: "null" },
  },
  {
    name: "create a tenant",
    from: "admin",
    route: "routes/_app.tenants.new",
    path: paths.tenantNew,
    form: () => ({ key: next(), name: "T" }),
  },
  ofTenant("edit a tenant", "routes/_app.tenants.$tenant_.edit", paths.tenantEdit, { name: "Other", metadata: "" }),
  ofTenant("change a tenant's plan", "routes/_app.tenants.$tenant_.plan", paths.tenantPlan, { plan: "premium" }),
  ofTenant("suspend a tenant", "routes/_app.tenants.$tenant_.status", (key) => paths.tenantStatus(key, "suspended"), {
    status: "suspended",
  }),
  {
    name: "cancel a scheduled change",
    from: "admin",
    route: "routes/_app.tenants.$tenant_.scheduled.$id",
    path: async (app) => {
      const key = await tenant(app);
      const at = app.services.now() + 7 * day;
      const made = await changeTenant(app.services, key, ada, (facts, catalogue, stamp) =>
        scheduleChange(facts as TenantFacts, { at, status: "suspended" }, catalogue, stamp),
      );
      return paths.tenantScheduled(key, (made.ok && made.facts?.scheduled?.[0]?.id) || "sc_none");
    },
    form: { intent: "cancel" },
  },
  {
    name: "grant a trial",
    from: "support",
    route: "routes/_app.tenants.$tenant_.trial",
    path: async (app) => paths.trialNew(await tenant(app)),
    form: { feature: "sso", length: "14" },
  },
  {
    name: "grant a bundle",
    from: "support",
    route: "routes/_app.tenants.$tenant_.trial",
    path: async (app) => paths.trialNew(await tenant(app)),
    form: { what: "plan", plan: "premium", length: "14" },
  },
  {
    name: "grant a trial that leads to a plan",
    from: "admin",
    route: "routes/_app.tenants.$tenant_.trial",
    path: async (app) => paths.trialNew(await tenant(app)),
    form: { feature: "sso", length: "14", whenItEnds: "plan", planAfter: "premium" },
  },
  {
    name: "undo a trial",
    from: "support",
    route: "routes/_app.activity.$seq_.undo",
    path: async (app) => {
      const key = await tenant(app);
      await trialAs(app, key, "sso");
      const { read, tables } = app.services.db;
      const [newest] = await listAuditHeads(read, tables, { subjectKind: "tenant", subject: key }, { size: 1 });
      return paths.auditUndo(newest?.seq ?? 0);
    },
    form: () => ({}),
  },
  {
    name: "override",
    from: "admin",
    route: "routes/_app.tenants.$tenant_.override",
    path: async (app) => paths.overrideNew(await tenant(app)),
    form: { feature: "sso", effect: "allow" },
  },
  {
    name: "extend a trial",
    from: "support",
    route: "routes/_app.tenants.$tenant_.grants.$grant.extend",
    path: (app) => grantIn(app, paths.grantExtend),
    form: { length: "14" },
  },
  {
    name: "extend an override",
    from: "admin",
    route: "routes/_app.tenants.$tenant_.grants.$grant.extend",
    path: (app) => overrideIn(app, paths.grantExtend),
    form: { length: "14" },
  },
  {
    name: "end an override",
    from: "admin",
    route: "routes/_app.tenants.$tenant_.grants.$grant.end",
    path: (app) => overrideIn(app, paths.grantEnd),
    form: {},
  },
  {
    name: "end a trial",
    from: "support",
    route: "routes/_app.tenants.$tenant_.grants.$grant.end",
    path: (app) => grantIn(app, paths.grantEnd),
    form: {},
  },
  {
    name: "convert a trial",
    from: "admin",
    route: "routes/_app.tenants.$tenant_.grants.$grant.convert",
    path: async (app) => {
      toConvert = await grantIn(app, paths.grantConvert);
      return toConvert;
    },
    form: (app, browser) => seen(toConvert, { plan: "premium" })(app, browser),
  },
  {
    name: "send all again",
    from: "admin",
    route: "routes/_app.posthog._index",
    path: async ({ services }) => {
      // A person has a few jobs at a time.
      await services.jobs.runAll();
      return `${paths.posthog()}?index`;
    },
    form: { what: "all" },
  },
  {
    name: "send some again",
    from: "admin",
    route: "routes/_app.posthog._index",
    path: () => `${paths.posthog()}?index`,
    form: { what: "named", keys: "acme" },
  },
  {
    name: "compare",
    from: "admin",
    route: "routes/_app.posthog.drift",
    path: async ({ services }) => {
      // One at a time: the previous one must have ended.
      await services.jobs.runAll();
      return paths.posthogDrift();
    },
    form: {},
  },
  {
    name: "choose metadata",
    from: "admin",
    route: "routes/_app.posthog.metadata",
    path: paths.posthogMetadata,
    form: () => ({ key: next() }),
  },
  {
    name: "send a tenant again",
    from: "admin",
    route: "routes/_app.tenants.$tenant.posthog",
    path: async (app) => paths.tenantPosthog(await tenant(app)),
    form: {},
  },
  {
    name: "create a webhook",
    from: "admin",
    route: "routes/_app.webhooks.new",
    path: paths.webhookNew,
    form: { url: "https://example.com/", kind: "standard", events: "grant.created" },
  },
  {
    name: "edit a webhook",
    from: "admin",
    route: "routes/_app.webhooks.$id_.edit",
    path: async (app) => paths.webhookEdit(await webhook(app)),
    form: { url: "https://example.com/b", events: "grant.ended" },
  },
  {
    name: "rotate a webhook's secret",
    from: "admin",
    route: "routes/_app.webhooks.$id_.rotate",
    path: async (app) => paths.webhookRotate(await webhook(app)),
    form: { overlap: "24" },
  },
  ...["test", "disable", "remove"].map(
    (intent): PageAct => ({
      name: `${intent} a webhook`,
      from: "admin",
      route: "routes/_app.webhooks.$id",
      path: async (app) => paths.webhook(await webhook(app)),
      form: { intent },
    }),
  ),
  {
    name: "send an event again",
    from: "admin",
    route: "routes/_app.webhooks.$id_.deliveries.$seq",
    path: async (app) => {
      const id = await webhook(app);
      const sent = await testEndpoint(app.services, ada, id);
      return paths.webhookDelivery(id, sent.ok ? sent.seq : 0);
    },
    form: { intent: "again" },
  },
  {
    name: "choose notices",
    from: "admin",
    route: "routes/_app.notices.rules",
    path: paths.noticeRules,
    form: () => ({ kinds: "key_expires", endsSoonDays: "5", demandPerDay: String(++count) }),
  },
  {
    name: "read notices",
    from: "viewer",
    route: "routes/_app.notices._index",
    path: () => `${paths.notices()}?index`,
    form: { intent: "read-all", seq: "1" },
  },
  {
    name: "say what the columns of a CSV file hold",
    from: "admin",
    route: "routes/_app.import.tenants.$upload",
    path: async ({ services }) => {
      await services.jobs.runAll();
      return paths.importTenantsMapping((await uploadCsv(services, "key\nk\n")).id);
    },
    form: { count: "1", c0: "key", addOnSeparator: ";" },
  },
  {
    name: "upload a CSV file",
    from: "admin",
    route: "routes/_app.import.tenants._index",
    path: paths.importTenants,
    form: { text: "key\nk\n" },
  },
  // Last, because it archives what it does not name.
  {
    name: "import",
    from: "admin",
    route: "routes/_app.import.preview",
    path: paths.importPreview,
    form: ({ services }) => ({
      text: `latchkey: 1\nfeatures:\n  ${next()}: {}\nplans: {}\n`,
      name: "f.yaml",
      from: "admin",
      revision: String(services.facts.catalogue().revision),
    }),
  },
];
