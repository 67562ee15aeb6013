import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { desc, eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { buildProgram } from "~/cli/program.server";
import { paths } from "~/paths";
import { listAllAdmins } from "~/server/admins/admins.server";
import { createKey } from "~/server/keys/api-keys.server";
import type { Services } from "~/server/services.server";
import { insertFactor } from "~db/store/second-factors.server";
import { type FakePosthog, startFakePosthog } from "./fake-posthog/start";
import { adasPassword } from "./support/ada";
import { type Api, ada, startApi } from "./support/api";
import { startTestApp, type TestApp } from "./support/app";
import { feature, meteredFeature, plan } from "./support/facts";
import { actionsOfPages, pageActs, withoutRights } from "./support/page-acts";
import { right } from "./support/right-requests";
import { startServices, type TestServices } from "./support/services";
import { temporaryFolder } from "./support/temporary-folder";
import { putAs, seedCatalogue } from "./support/tenant-world";
import { createWalk } from "./support/walk";

// A new action, operation or command must be listed here, or in the lists that these tests read.

let fake: FakePosthog;
beforeAll(async () => {
  fake = await startFakePosthog();
});
afterAll(() => fake.close());
const besidePosthog = () => ({
  POSTHOG_HOST: fake.origin,
  POSTHOG_PROJECT_API_KEY: fake.state.projectKey,
  POSTHOG_SECRET_KEY: fake.state.secretKey,
  POSTHOG_PROJECT_ID: "1",
});

async function newest({ db }: Pick<Services, "db">) {
  const [row] = await db.read.select().from(db.tables.audit).orderBy(desc(db.tables.audit.seq)).limit(1);
  return row;
}
const newestSeq = async (services: Pick<Services, "db">) => (await newest(services))?.seq ?? 0;
/** The actor's rows since then. */
async function rowsSince({ db }: Pick<Services, "db">, seq: number, actor?: string) {
  const rows = await db.read.select().from(db.tables.audit).orderBy(db.tables.audit.seq);
  return rows.filter((row) => row.seq > seq && (actor === undefined || row.actorId === actor));
}

describe("pages", () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({ env: { ...besidePosthog(), POSTHOG_JS_ENABLED: "true", POSTHOG_SESSION_REPLAY: "true" } });
    await seedCatalogue(app);
    await putAs(app, "acme", { name: "Acme", plan: "starter" });
  });
  afterAll(() => app.close());

  /** What only one person sees: how a list looks, like the theme, and which notices were read. */
  const ownLook = ["keep columns", "read notices"];
  /** What changes nothing yet. */
  const previews = [
    "preview a change of many tenants",
    "look at what a change does to tenants",
    "cancel an impact",
    "edit cells of the grid in a draft",
    "upload a CSV file",
    "say what the columns of a CSV file hold",
  ];

  test("every act of a page that needs a right leaves a row with the admin's name and address", async () => {
    const passwordHash = await app.services.passwords.hash(adasPassword);
    const { admins } = app.services.db.tables;
    for (const [i, { name, path, form, isSentOn = false }] of pageActs.entries()) {
      const id = `adm_${i}`;
      const browser = await app.signIn("owner", id);
      await app.services.db.transaction([], async (tx) => void (await tx.update(admins).set({ passwordHash }).where(eq(admins.id, id))));
      const target = await path(app);
      const fields = typeof form === "function" ? await form(app, browser) : form;
      const before = await newestSeq(app.services);
      expect([name, (await browser.post(target, fields)).status < 400]).toEqual([name, true]);
      const rows = await rowsSince(app.services, before, id);
      expect([name, rows.map(({ address }) => address)]).toEqual([name, rows.map(() => "127.0.0.1")]);
      expect([name, rows.length > 0]).toEqual([name, !isSentOn && !ownLook.includes(name) && !previews.includes(name)]);
    }
  });

  /** What the actions do that are nobody's right. Null: nothing is changed. */
  const others: { [route: string]: string | null } = {
    "routes/invite.$token": "admin.invite_accepted",
    "routes/setup.$token": "admin.created",
    "routes/sign-in": "admin.signed_in",
    // tests/second-factor.test.ts reads its rows.
    "routes/sign-in_.code": "admin.signed_in",
    "routes/sign-out": "admin.signed_out",
    "routes/theme": null,
    "routes/welcome": "catalogue.imported",
  };

  test("every other action of a page is listed with the row that it leaves", async () => {
    expect(Object.keys(others).sort()).toEqual([...withoutRights].sort());
    expect([...new Set([...pageActs.map(({ route }) => route), ...withoutRights])].sort()).toEqual(await actionsOfPages());
  });

  test("they leave that row, with the address", async () => {
    const bare = await startTestApp();
    try {
      const left = async (route: string) =>
        expect([route, await newest(bare.services)]).toEqual([
          route,
          expect.objectContaining({ action: others[route], address: "127.0.0.1" }),
        ]);
      const { openSetup } = await import("~/server/admins/first-owner.server");
      const password = "walrus teapot grammar";
      const browser = bare.browser();
      await browser.post(paths.setup((await openSetup(bare.services)) ?? ""), { name: "Ada", email: "ada@example.com", password });
      expect((await rowsSince(bare.services, 0)).map(({ action, address }) => [action, address])).toEqual([
        [others["routes/setup.$token"], "127.0.0.1"],
        ["admin.signed_in", "127.0.0.1"],
      ]);
      await browser.post("/welcome", { choice: "gitlab" });
      await left("routes/welcome");
      await browser.post("/sign-out");
      await left("routes/sign-out");
      await browser.post("/sign-in", { email: "ada@example.com", password });
      await left("routes/sign-in");
      const { invite } = await import("~/server/admins/admins.server");
      const done = await invite(bare.services, ada, { email: "bea@example.com", name: "Bea", role: "viewer" });
      if (!done.ok) throw new Error(done.message);
      const before = await newestSeq(bare.services);
      await bare.browser().post(paths.invite(done.token), { password });
      expect((await rowsSince(bare.services, before)).map(({ action, address }) => [action, address])).toEqual([
        [others["routes/invite.$token"], "127.0.0.1"],
        ["admin.signed_in", "127.0.0.1"],
      ]);
    } finally {
      await bare.close();
    }
  });

  test("saving all tenants as a file leaves a row, saving the catalogue none", async () => {
    const browser = await app.signIn("viewer", "adm_saver");
    const before = await newestSeq(app.services);
    expect((await browser.get(paths.exportCatalogue("yaml"))).status).toBe(200);
    expect(await rowsSince(app.services, before, "adm_saver")).toEqual([]);
    expect((await browser.get(paths.exportCatalogue("yaml", true))).status).toBe(200);
    expect(await rowsSince(app.services, before, "adm_saver")).toMatchObject([
      { action: "catalogue.exported_with_tenants", address: "127.0.0.1", after: { format: "yaml", tenants: expect.any(Number) } },
    ]);
  });
});

describe("the API", () => {
  let api: Api;
  beforeAll(async () => {
    api = await startApi("sqlite", { variables: { LATCHKEY_RATE_LIMIT: "0", ...besidePosthog() } });
    await api.catalogue([feature("sso"), meteredFeature("calls")], [plan("starter", { calls: 1000 })]);
    await api.tenant("acme", { name: "Acme", plan: "starter" });
  });
  afterAll(() => api.stop());

  /** Too many for the audit log: each is kept as an event with its key. */
  const keptAsEvents = ["reportUsage", "consume"];

  const changingNothing = ["startImpact"];
  const csv = "key,name\nfrom-csv,From CSV\n";

  /** Where right-requests.ts asks for what is so already. */
  const changing: typeof right = {
    importTenants: () => ({ text: csv, type: "text/csv" }),
    restorePlan: async (api) => {
      await api.send("PUT", "/api/plans/old", {});
      await api.send("POST", "/api/plans/old/archive", {});
      return { params: { plan: "old" }, body: {} };
    },
    restoreFeature: async (api) => {
      await api.send("PUT", "/api/features/old", {});
      await api.send("POST", "/api/features/old/archive", {});
      return { params: { feature: "old" }, body: {} };
    },
    startBulk: async (api) => {
      await api.services.jobs.runAll();
      await api.tenant("globex", { name: "Globex", plan: "starter" });
      return { body: { act: "suspend", tenants: { keys: ["globex"] } } };
    },
    importCatalogue: () => ({ text: "latchkey: 1\nfeatures:\n  imported: {}\nplans: {}\n" }),
  };

  test("every operation that writes leaves a row with the key's name and address, or an event with its key", async () => {
    const walk = await createWalk(api, new Set());
    const writes = walk.routes.filter(
      ({ method, operation }) => method.toLowerCase() !== "get" && !["Checks", "OpenFeature"].includes(operation.tags[0] ?? ""),
    );
    expect(writes.length).toBeGreaterThan(18);
    const { db } = api.services;
    // The import archives what the others need.
    const ids = writes
      .map(({ operation }) => operation.operationId)
      .filter((id) => !changingNothing.includes(id))
      .sort((a, b) => Number(a === "importCatalogue") - Number(b === "importCatalogue"));
    for (const id of ids) {
      const key = await createKey(api.services, ada, { name: id, scopes: ["check", "usage", "manage"], expiresAt: null });
      const make = changing[id] ?? right[id];
      if (!make) throw new Error(`Say in right-requests.ts how to ask ${id} rightly.`);
      const sent = await make(api, key.key);
      const before = await newestSeq(api.services);
      const { status } = await walk.ask(id, key.key, sent);
      expect([id, status < 300]).toEqual([id, true]);
      const rows = await rowsSince(api.services, before, key.id);
      const { usageEvents } = db.tables;
      const events = await db.read.select().from(usageEvents).where(eq(usageEvents.apiKey, key.id));
      if (keptAsEvents.includes(id)) expect([id, events.length]).toEqual([id, 1]);
      else expect([id, rows.length]).not.toEqual([id, 0]);
      expect([id, rows.every(({ address }) => address === "127.0.0.1")]).toEqual([id, true]);
    }
  });

  test("an export of all tenants leaves a row, one of the catalogue none", async () => {
    const key = await createKey(api.services, ada, { name: "Backup", scopes: ["manage"], expiresAt: null });
    const before = await newestSeq(api.services);
    expect((await api.get("/api/catalogue", key.key)).status).toBe(200);
    expect((await api.get("/api/catalogue?tenants=1", key.key)).status).toBe(200);
    const rows = await rowsSince(api.services, before, key.id);
    expect(rows).toMatchObject([{ action: "catalogue.exported_with_tenants", address: "127.0.0.1" }]);
  });
});

describe("the command line", () => {
  const folder = temporaryFolder("trail");
  const file = path.join(folder, "catalogue.yaml");
  writeFileSync(file, "latchkey: 1\nfeatures:\n  sso: {}\nplans: {}\n");
  const otherFile = path.join(folder, "other.yaml");
  writeFileSync(otherFile, "latchkey: 1\nfeatures:\n  sso: {}\n  audit: {}\nplans: {}\n");
  let s: TestServices;
  beforeAll(async () => {
    s = await startServices();
  });
  afterAll(async () => {
    await s.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const keyId = async () => (await createKey(s, ada, { name: "cli", scopes: ["check"], expiresAt: null })).id;
  /** How to run each command that writes; null: it changes nothing that anybody did. */
  const commands: { [name: string]: (() => string[] | Promise<string[]>) | null } = {
    start: null,
    demo: () => [],
    import: () => [file, "--yes"],
    plan: null,
    apply: () => [otherFile, "--why", "Spring prices"],
    export: () => ["--tenants", "--output", path.join(folder, "out.yaml")],
    "owner create": () => ["--email", "ada@example.com", "--name", "Ada"],
    "owner reset-factors": async () => {
      const ada = (await listAllAdmins(s)).find(({ email }) => email === "ada@example.com");
      const factor = { admin: ada?.id ?? "", secret: "sealed", lastStep: 0, createdAt: 0 };
      await s.db.transaction([], (tx) => insertFactor(tx, s.db.tables, factor));
      return ["--email", "ada@example.com"];
    },
    "owner reset-password": () => ["--email", "ada@example.com"],
    "admins invite": () => ["--email", "sue@example.com", "--name", "Sue", "--role", "support"],
    "keys create": () => ["--name", "app", "--scope", "check"],
    "keys rotate": async () => [await keyId()],
    "keys revoke": async () => [await keyId()],
    "keys list": null,
    "jobs list": null,
    "tokens rotate-secret": () => [],
    "tenants list": null,
    check: null,
    "figures rebuild": null,
    migrate: null,
    names: null,
    // Replaces the database, and the audit log with it.
    restore: null,
  };

  const leaves = (command: Command, above: string[] = []): string[] =>
    command.commands.flatMap((one) => {
      const name = [...above, one.name()];
      return one.commands.length > 0 ? leaves(one, name) : [name.join(" ")];
    });

  test("every command is listed here", () => {
    const names = leaves(buildProgram(async () => s));
    expect(names.sort()).toEqual(Object.keys(commands).sort());
  });

  test("every command that writes leaves a row with the operator's name and without an address", async () => {
    const quiet = [vi.spyOn(process.stdout, "write"), vi.spyOn(process.stderr, "write")];
    for (const spy of quiet) spy.mockImplementation(() => true);
    const left: { [name: string]: unknown } = {};
    try {
      for (const [name, args] of Object.entries(commands)) {
        if (args === null) continue;
        const more = await args();
        const before = await newestSeq(s);
        await buildProgram(async () => s).parseAsync([...name.split(" "), ...more], { from: "user" });
        const rows = (await rowsSince(s, before)).filter(({ actorKind }) => actorKind === "cli");
        left[name] = rows.length > 0 && rows.every(({ address }) => address === null);
      }
    } finally {
      for (const spy of quiet) spy.mockRestore();
    }
    const writing = Object.entries(commands).flatMap(([name, args]) => (args === null ? [] : [[name, true]]));
    expect(left).toEqual(Object.fromEntries(writing));
  });
});
