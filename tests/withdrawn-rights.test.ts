import { eq } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type Role, roles } from "~/core/permissions";
import { day } from "~/core/time";
import { createKey } from "~/server/keys/api-keys.server";
import type { Database } from "~db/database";
import { type FakePosthog, startFakePosthog } from "./fake-posthog/start";
import { adasPassword } from "./support/ada";
import { type Api, ada, startApi } from "./support/api";
import { type Browser, startTestApp, type TestApp } from "./support/app";
import { feature, meteredFeature, now, plan } from "./support/facts";
import { actionsOfPages, pageActs, withoutRights } from "./support/page-acts";
import { fresh, right } from "./support/right-requests";
import { engines } from "./support/services";
import { putAs, seedCatalogue } from "./support/tenant-world";
import { createWalk } from "./support/walk";
import { allRows, beforeTheNextWrite, type Rows, wasWriteAsked } from "./support/write-gate";

vi.mock("~db/open.server", async (original) => {
  const { gateWrites } = await import("./support/write-gate");
  return gateWrites(await original<typeof import("~db/open.server")>());
});

let fake: FakePosthog;
beforeAll(async () => {
  fake = await startFakePosthog();
});
afterAll(() => fake.close());
afterEach(() => void wasWriteAsked());

const besidePosthog = () => ({
  POSTHOG_HOST: fake.origin,
  POSTHOG_PROJECT_API_KEY: fake.state.projectKey,
  POSTHOG_SECRET_KEY: fake.state.secretKey,
  POSTHOG_PROJECT_ID: "1",
});

/** Withdraws before the next write; afterwards says whether anything but the withdrawal changed. */
function withdrawing(withdraw: (db: Database) => Promise<void>) {
  let after: Rows = {};
  beforeTheNextWrite(async (db) => {
    await withdraw(db);
    after = await allRows(db);
  });
  return { rows: () => after };
}

describe.each(engines)("a key whose right ends after its request's head arrived (%s)", (engine) => {
  let api: Api;
  let walk: Awaited<ReturnType<typeof createWalk>>;
  beforeAll(async () => {
    api = await startApi(engine, { variables: { LATCHKEY_RATE_LIMIT: "0", ...besidePosthog() } });
    await api.catalogue([feature("sso"), meteredFeature("calls")], [plan("starter", { calls: 1000 })]);
    await api.tenant("acme", { name: "Acme", plan: "starter" });
    walk = await createWalk(api, new Set());
  });
  afterAll(() => api.stop());

  const scopes = ["check", "usage", "manage"] as const;
  type Columns = Partial<Database["tables"]["apiKeys"]["$inferInsert"]>;
  const ends: [what: string, set: Columns, status: number, code: string][] = [
    ["revoked", { revokedAt: new Date(now) }, 401, "key_revoked"],
    ["expired", { expiresAt: new Date(now) }, 401, "key_expired"],
    ["without the scope", { scopes: [] }, 403, "scope_missing"],
    ["bound to another tenant", { tenant: "other" }, 403, "scope_missing"],
  ];

  /** Everything that changes something, and the one read that leaves a trace. */
  const writes = () =>
    walk.routes.filter(
      ({ method, operation }) => method.toLowerCase() !== "get" && !["Checks", "OpenFeature"].includes(operation.tags[0] ?? ""),
    );

  test.each(ends)("%s: no operation of the API writes anything", async (_what, set, status, code) => {
    const walked: string[] = [];
    for (const { operation } of writes()) {
      const id = operation.operationId;
      const make = right[id];
      if (!make) throw new Error(`Say in right-requests.ts how to ask ${id} rightly.`);
      for (const headers of [{}, { "Idempotency-Key": fresh() }] as { [name: string]: string }[]) {
        const attempt = async () => {
          // A new key each time: the node may still remember that the one before was withdrawn.
          const { id: keyId, key } = await createKey(api.services, ada, { name: "walk", scopes: [...scopes], expiresAt: null });
          const sent = await make(api, key);
          const { rows } = withdrawing(({ transaction, tables }) =>
            transaction([], async (tx) => void (await tx.update(tables.apiKeys).set(set).where(eq(tables.apiKeys.id, keyId)))),
          );
          const answer = await walk.ask(id, key, { ...sent, headers });
          const wasAsked = wasWriteAsked();
          const { idempotentAnswers, ...written } = await allRows(api.services.db);
          const { idempotentAnswers: answersBefore, ...writtenBefore } = rows();
          expect([id, wasAsked, written]).toEqual([id, true, writtenBefore]);
          return { answered: `${answer.status} ${answer.code}`, kept: idempotentAnswers, keptBefore: answersBefore };
        };
        // A job may have written first, so that the right ended before the request's headers arrived. Then the answer is
        // another one, which may be kept for its Idempotency-Key: the next attempt decides.
        const refusal = `${status} ${code}`;
        let tried = await attempt();
        for (let again = 0; tried.answered !== refusal && again < 5; again++) tried = await attempt();
        expect([id, tried.answered, tried.kept]).toEqual([id, refusal, tried.keptBefore]);
      }
      walked.push(id);
    }
    expect(walked.length).toBeGreaterThan(18);
  });

  test("of writes that share a transaction, those of the revoked key are refused and the others are done", async () => {
    const make = () => createKey(api.services, ada, { name: "walk", scopes: [...scopes], expiresAt: null });
    const [revoked, good] = [await make(), await make()];
    for (const id of ["putTenant", "reportUsage", "consume"]) {
      const sent = await Promise.all(Array.from({ length: 10 }, async () => right[id]?.(api)));
      beforeTheNextWrite(async ({ transaction, tables: { apiKeys } }) => {
        const ended = { revokedAt: new Date(now) };
        await transaction([], async (tx) => void (await tx.update(apiKeys).set(ended).where(eq(apiKeys.id, revoked.id))));
      });
      const answers = await Promise.all(sent.map((one, i) => walk.ask(id, (i % 2 === 0 ? revoked : good).key, one)));
      expect([id, answers.map(({ status }) => (status < 300 ? "done" : status))]).toEqual([
        id,
        sent.map((_, i) => (i % 2 === 0 ? 401 : "done")),
      ]);
      await api.services.db.transaction([], async (tx) => {
        const { apiKeys } = api.services.db.tables;
        await tx.update(apiKeys).set({ revokedAt: null }).where(eq(apiKeys.id, revoked.id));
      });
    }
  });
});

describe("an admin whose right ends after the form's head arrived", () => {
  let app: TestApp;
  let passwordHash: string | null = null;
  beforeAll(async () => {
    app = await startTestApp({ env: { ...besidePosthog(), POSTHOG_JS_ENABLED: "true", POSTHOG_SESSION_REPLAY: "true" } });
    await seedCatalogue(app);
    await putAs(app, "acme", { name: "Acme", plan: "starter" });
    passwordHash = await app.services.passwords.hash(adasPassword);
  });
  afterAll(() => app.close());

  let count = 0;
  const admin = async (): Promise<{ id: string; browser: Browser }> => {
    const id = `adm_${++count}`;
    const browser = await app.signIn("owner", id);
    const { admins } = app.services.db.tables;
    await app.services.db.transaction([], async (tx) => void (await tx.update(admins).set({ passwordHash }).where(eq(admins.id, id))));
    return { id, browser };
  };

  test("every action of a page is listed, as an act that needs a right or as one that needs none", async () => {
    expect([...new Set([...pageActs.map(({ route }) => route), ...withoutRights])].sort()).toEqual(await actionsOfPages());
  });

  type End = (id: string, db: Database) => Promise<void>;
  const newRoles: Record<string, Role> = { "made an admin": "admin", "made support": "support", "made a viewer": "viewer" };
  const madeA =
    (role: Role): End =>
    (id, { transaction, tables: { admins } }) =>
      transaction([], async (tx) => void (await tx.update(admins).set({ role }).where(eq(admins.id, id))));
  const ends: [what: string, status: number, end: End][] = [
    [
      "disabled",
      401,
      (id, { transaction, tables: { admins } }) =>
        transaction(
          [],
          async (tx) =>
            void (await tx
              .update(admins)
              .set({ disabledAt: new Date(now) })
              .where(eq(admins.id, id))),
        ),
    ],
    [
      "signed out",
      401,
      (id, { transaction, tables: { sessions } }) =>
        transaction([], async (tx) => void (await tx.delete(sessions).where(eq(sessions.admin, id)))),
    ],
    [
      "with an expired session",
      401,
      (id, { transaction, tables: { sessions } }) =>
        transaction(
          [],
          async (tx) =>
            void (await tx
              .update(sessions)
              .set({ expiresAt: new Date(now) })
              .where(eq(sessions.admin, id))),
        ),
    ],
    [
      "with a session that idled too long",
      401,
      (id, { transaction, tables: { sessions } }) =>
        transaction(
          [],
          async (tx) =>
            void (await tx
              .update(sessions)
              .set({ lastSeenAt: new Date(now - day) })
              .where(eq(sessions.admin, id))),
        ),
    ],
    ["made an admin", 403, madeA("admin")],
    ["made support", 403, madeA("support")],
    ["made a viewer", 403, madeA("viewer")],
  ];

  test.each(ends)("%s: no page writes anything", async (what, status, end) => {
    let tried = 0;
    for (const { name, path, form, from, isSentOn } of pageActs) {
      const role = newRoles[what];
      if (isSentOn || (role && roles.indexOf(role) >= roles.indexOf(from))) continue;
      tried++;
      const attempt = async () => {
        const { id, browser } = await admin();
        const target = await path(app);
        const fields = typeof form === "function" ? await form(app, browser) : form;
        const { rows } = withdrawing((db) => end(id, db));
        const answer = await browser.post(target, fields);
        expect([name, wasWriteAsked(), await allRows(app.services.db)]).toEqual([name, true, rows()]);
        return answer.status;
      };
      // A job may have written first, so that the session ended before the form arrived, which is sent to the sign-in page.
      let answered = await attempt();
      for (let again = 0; answered !== status && again < 5; again++) answered = await attempt();
      expect([name, answered]).toEqual([name, status]);
    }
    expect(tried).toBeGreaterThan(4);
  });

  test("what is listed here is what pages take: by somebody with the right each act succeeds", async () => {
    for (const { name, path, form } of pageActs) {
      const { browser } = await admin();
      const target = await path(app);
      const fields = typeof form === "function" ? await form(app, browser) : form;
      const answer = await browser.post(target, fields);
      const text =
        answer.status < 400
          ? ""
          : (await answer.text())
              .replace(/<style.*?<\/style>|<[^>]*>/gs, " ")
              .replace(/\s+/g, " ")
              .slice(0, 1500);
      expect([name, text]).toEqual([name, ""]);
    }
  });
});
