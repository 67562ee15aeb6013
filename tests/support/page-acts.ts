import type { Role } from "~/core/permissions";
import { day } from "~/core/time";
import { paths } from "~/paths";
import { createKey } from "~/server/keys/api-keys.server";
import { adasPassword } from "./ada";
import { ada } from "./api";
import type { Browser, TestApp } from "./app";
import { fieldIn } from "./page-text";
import { until } from "./poll";
import { remixBuild } from "./remix-build";
import { overrideAs, putAs, trialAs } from "./tenant-world";

type Form = Record<string, string> | [string, string][];
export type PageAct = {
  name: string;
  /** Remix's id of the route. */
  route: string;
  path: (app: TestApp) => string | Promise<string>;
  form: Form | ((app: TestApp, browser: Browser) => Form | Promise<Form>);
  /** The lowest role that may do it, written out here so that the table of permissions is held to it. */
  from: Role;
};

/** Routes with actions that need no right: their users are not signed in yet, or only sign out. */
export const withoutRights = [
  "routes/invite.$token",
  "routes/setup.$token",
  "routes/sign-in",
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
  return paths.plan(key);
}
async function newFeature(app: TestApp): Promise<string> {
  const browser = await app.signIn("admin", next());
  const key = next();
  await browser.post(paths.featureNew(), { key, name: key, type: "boolean" });
  return paths.feature(key);
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

let plan = "";
let featurePage = "";
let undone = "";

export const pageActs: PageAct[] = [
  {
    name: "invite",
    from: "owner",
    route: "routes/_app.people.invite",
    path: paths.adminInvite,
    form: () => ({ name: "I", email: `${next()}@example.com`, role: "viewer" }),
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
    name: "change the password",
    route: "routes/_app.account",
    path: paths.account,
    form: { intent: "password", current: adasPassword, password: "kettle lantern meadow" },
    from: "viewer",
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
    name: "create a feature",
    from: "admin",
    route: "routes/_app.features.new",
    path: paths.featureNew,
    form: () => ({ key: next(), name: "F", type: "boolean" }),
  },
  {
    name: "save a feature",
    from: "admin",
    route: "routes/_app.features.$feature",
    path: async (app) => {
      featurePage = await newFeature(app);
      return featurePage;
    },
    form: (app, browser) => seen(featurePage, { intent: "save", name: "Other" })(app, browser),
  },
  { name: "archive a feature", from: "admin", route: "routes/_app.features.$feature", path: newFeature, form: { intent: "archive" } },
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
    route: "routes/_app.plans.$plan",
    path: async (app) => {
      plan = await newPlan(app);
      return plan;
    },
    form: (app, browser) => seen(plan, { intent: "save", name: "Other", rank: "77" })(app, browser),
  },
  { name: "delete a plan", from: "admin", route: "routes/_app.plans.$plan", path: newPlan, form: { intent: "delete" } },
  {
    name: "change a cell",
    from: "admin",
    route: "routes/_app.plans.$plan_.features.$feature",
    path: async (app) => `${await newPlan(app)}/features/sso`,
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
    name: "grant a trial",
    from: "support",
    route: "routes/_app.tenants.$tenant_.trial",
    path: async (app) => paths.trialNew(await tenant(app)),
    form: { feature: "sso", length: "14" },
  },
  {
    name: "undo trials",
    from: "support",
    route: "routes/_app.tenants.$tenant_.trial_.undo",
    path: async (app) => {
      const key = await tenant(app);
      undone = await trialAs(app, key, "sso");
      return paths.trialUndo(key);
    },
    form: () => ({ grants: undone }),
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
    name: "send all again",
    from: "admin",
    route: "routes/_app.posthog._index",
    path: () => `${paths.posthog()}?index`,
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
    path: async ({ services: { posthog } }) => {
      const isFree = async () => (posthog && (await posthog.drift.isRunning()) ? undefined : true);
      await until(isFree, 20_000, () => "the comparison before does not end");
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
