import { createHmac } from "node:crypto";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hour, minute } from "~/core/time";
import { createKey, revokeKey } from "~/server/keys/api-keys.server";
import { rotateTokenSecret } from "~/server/keys/token-secret.server";
import type { Database } from "~db/database";
import { readSetting } from "~db/store/settings.server";
import { type Api, ada, startApi } from "../support/api";
import { feature, now, plan } from "../support/facts";
import { until } from "../support/poll";
import { engines } from "../support/services";

const year2100 = Date.UTC(2100, 0, 1);
type KeyForm = Partial<Parameters<typeof createKey>[2]>;

let api: Api;
let keys: Record<"free" | "bound" | "manage" | "usage" | "pub" | "revoked" | "ended" | "later", string>;
beforeAll(async () => {
  api = await startApi();
  await api.catalogue([feature("sso")], [plan("basic", { sso: true })]);
  for (const key of ["acme", "other"]) await api.tenant(key, { name: key, plan: "basic" });
  const make = async (form: KeyForm = {}) =>
    (await createKey(api.services, ada, { name: "Backend", scopes: ["check"], expiresAt: null, ...form })).id;
  api.clock.now = now - hour;
  keys = {
    free: await make(),
    bound: await make({ tenant: "acme" }),
    manage: await make({ scopes: ["manage"] }),
    usage: await make({ scopes: ["usage"] }),
    pub: await make({ kind: "pub", tenant: "acme", origins: ["https://app.example.com"] }),
    revoked: await make(),
    ended: await make({ expiresAt: now }),
    later: "",
  };
  await revokeKey(api.services, ada, keys.revoked);
  api.clock.now = now;
  keys.later = await make();
});
afterAll(() => api.stop());

/** A token with any content, signed with the right secret. */
async function forge(kind: "tok" | "sse", content: unknown, db: Database = api.services.db): Promise<string> {
  const secret = Buffer.from((await readSetting(db.read, db.tables, "token_secret")) as string, "base64url");
  const text = typeof content === "string" ? content : JSON.stringify(content);
  const body = `lk_${kind}_${Buffer.from(text).toString("base64url")}`;
  return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
}

const code = async (response: Response) => {
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) await response.body?.cancel();
  return response.status === 200 ? "taken" : ((await response.json()) as { code?: string }).code;
};

/** Every way in that takes a token, and the one for tickets. */
const ways: { [way: string]: { kind: "tok" | "sse"; ask: (token: string, tenant: string) => Promise<Response> } } = {
  "a check": { kind: "tok", ask: (token, tenant) => api.get(`/api/entitlements?tenant=${tenant}&feature=sso`, token) },
  "many checks": {
    kind: "tok",
    ask: (token, tenant) => api.send("POST", "/api/entitlements", { checks: [{ tenant, feature: "sso" }] }, token),
  },
  "a stream": { kind: "tok", ask: (token, tenant) => api.get(`/api/stream?tenant=${tenant}`, token) },
  "a flag": {
    kind: "tok",
    ask: (token, tenant) => api.send("POST", "/ofrep/v1/evaluate/flags/sso", { context: { targetingKey: tenant } }, token),
  },
  "all flags": {
    kind: "tok",
    ask: (token, tenant) => api.send("POST", "/ofrep/v1/evaluate/flags", { context: { targetingKey: tenant } }, token),
  },
  "a ticket": { kind: "sse", ask: (token) => api.get(`/ofrep/v1/stream?ticket=${token}`, null) },
};

/** What is claimed, and the outcome for a token and for a ticket. */
type Claims = { key: string; tenant?: string; expiresAt?: number; issuedAt?: number };
const listOf = ({ key, tenant = "acme", expiresAt = now + 15 * minute, issuedAt = now }: Claims) => [key, tenant, expiresAt, issuedAt];

const taken: [what: string, claims: () => Claims][] = [
  ["a key that may check, any tenant", () => ({ key: keys.free, tenant: "other" })],
  ["a key that is bound to this tenant", () => ({ key: keys.bound })],
  ["a key that may manage", () => ({ key: keys.manage })],
  ["a life of exactly an hour", () => ({ key: keys.free, expiresAt: now + hour })],
  ["a clock that is a minute ahead", () => ({ key: keys.free, issuedAt: now + minute, expiresAt: now + minute + hour })],
  ["the millisecond in which the key was made", () => ({ key: keys.later, issuedAt: now })],
];
const refused: [what: string, claims: () => Claims, why?: string][] = [
  ["another tenant than the key's", () => ({ key: keys.bound, tenant: "other" })],
  ["the year 2100", () => ({ key: keys.free, expiresAt: year2100 })],
  ["another tenant until the year 2100", () => ({ key: keys.bound, tenant: "other", expiresAt: year2100 })],
  ["an hour in the year 2100", () => ({ key: keys.free, issuedAt: year2100 - hour, expiresAt: year2100 })],
  ["a millisecond more than an hour", () => ({ key: keys.free, expiresAt: now + hour + 1 })],
  ["a clock that is more than a minute ahead", () => ({ key: keys.free, issuedAt: now + minute + 1, expiresAt: now + hour })],
  ["a time before the key was made", () => ({ key: keys.later, issuedAt: now - 1 })],
  ["a key that never was", () => ({ key: "key_none" })],
  ["a key without the scope", () => ({ key: keys.usage })],
  ["a revoked key", () => ({ key: keys.revoked }), "key_revoked"],
  ["a key that has ended", () => ({ key: keys.ended, issuedAt: now - minute }), "key_expired"],
  ["an end that has passed", () => ({ key: keys.free, issuedAt: now - minute, expiresAt: now }), "key_expired"],
];
const malformed: [what: string, content: () => unknown][] = [
  ["no time of issue, as former versions wrote", () => [keys.free, "acme", now + minute]],
  ["a fifth claim", () => [...listOf({ key: keys.free }), "admin"]],
  ["a number as the tenant", () => [keys.free, 7, now + minute, now]],
  ["null as the tenant", () => [keys.free, null, now + minute, now]],
  ["a text as the end", () => [keys.free, "acme", "2100", now]],
  ["null as the end", () => [keys.free, "acme", null, now]],
  ["a time that is past all numbers", () => `["${keys.free}","acme",1e400,1e400]`],
  ["a time before 1970", () => [keys.free, "acme", now, -now]],
  ["an object", () => ({ key: keys.free, tenant: "acme" })],
  ["null", () => null],
  ["what is not JSON", () => "acme"],
  ["nothing", () => ""],
];

describe.each(Object.entries(ways))("signed with the right secret, %s", (way, { kind, ask }) => {
  test.each(taken)("is taken with %s", async (_what, claims) => {
    expect(await code(await ask(await forge(kind, listOf(claims())), claims().tenant ?? "acme"))).toBe("taken");
  });

  test.each(refused)("is refused with %s", async (_what, claims, why = "key_unknown") => {
    const answer = await ask(await forge(kind, listOf(claims())), claims().tenant ?? "acme");
    expect(answer.status).toBe(401);
    // OFREP's errors have no such code.
    if (!way.includes("flag")) expect(await code(answer)).toBe(kind === "sse" ? "ticket_invalid" : why);
    else await answer.body?.cancel();
  });

  test.each(malformed)("is refused with %s", async (_what, content) => {
    const answer = await ask(await forge(kind, content()), "acme");
    expect(answer.status).toBe(401);
    await answer.body?.cancel();
  });
});

test("a browser key mints no tokens, so that none is taken in its name; its tickets are", async () => {
  const claims = listOf({ key: keys.pub });
  expect(await code(await api.get("/api/entitlements?tenant=acme", await forge("tok", claims)))).toBe("key_unknown");
  expect(await code(await api.get(`/ofrep/v1/stream?ticket=${await forge("sse", claims)}`, null))).toBe("taken");
});

test.each<[string, Partial<Database["tables"]["apiKeys"]["$inferInsert"]>]>([
  ["without the scope", { scopes: ["usage"] }],
  ["bound to another tenant", { tenant: "other" }],
  ["a browser key", { kind: "pub" }],
])("a token that was taken is refused once its key is %s", async (_what, set) => {
  const { id, key } = await createKey(api.services, ada, { name: "Backend", scopes: ["check"], expiresAt: null });
  const { token } = await (await api.send("POST", "/api/tenants/acme/token", {}, key)).json();
  const ask = async () => code(await api.get("/api/entitlements?tenant=acme&feature=sso", token));
  expect(await ask()).toBe("taken");
  const { db, keys: ring } = api.services;
  const { apiKeys } = db.tables;
  await db.transaction([], async (tx) => void (await tx.update(apiKeys).set(set).where(eq(apiKeys.id, id))));
  ring.forget();
  expect(await ask()).toBe("key_unknown");
});

describe.each(engines)("replacing the secret on one of two nodes (%s)", (engine) => {
  test("ends every token and every stream of before on both, leaves keys alone, and writes an audit row without the secret", async () => {
    const node = await startApi(engine);
    await node.catalogue([feature("sso")], [plan("basic", { sso: true })]);
    await node.tenant("acme", { name: "Acme", plan: "basic" });
    const other = await startApi(engine, { url: node.url, keys: node.keys });
    try {
      const mint = async () => (await (await node.send("POST", "/api/tenants/acme/token", {})).json()) as { token: string };
      const before = (await mint()).token;
      const ask = async (at: Api, token: string) => code(await at.get("/api/entitlements?tenant=acme&feature=sso", token));
      const on = (at: Api, token: string, expected: string) =>
        until(
          async () => (await ask(at, token)) === expected || undefined,
          10_000,
          () => `the token is not ${expected}`,
        );
      await on(other, before, "taken");
      const flags = await node.send("POST", "/ofrep/v1/evaluate/flags", { context: { targetingKey: "acme" } }, node.keys.check);
      const { eventStreams } = await flags.json();
      const { requestUri } = eventStreams[0].endpoint;
      const stream = await other.get(requestUri, null);
      expect(stream.status).toBe(200);

      const { tables, read } = node.services.db;
      const old = await readSetting(read, tables, "token_secret");
      await rotateTokenSecret(node.services, { kind: "cli", id: "root", name: "cli (root)" });

      expect(await ask(node, before)).toBe("key_unknown");
      await on(other, before, "key_unknown");
      await stream.text();
      expect(await code(await other.get(requestUri, null))).toBe("ticket_invalid");
      await on(other, (await mint()).token, "taken");
      expect(await ask(node, node.keys.check)).toBe("taken");

      const rows = await read.select().from(tables.audit).where(eq(tables.audit.action, "token_secret.rotated"));
      expect(rows).toMatchObject([{ actorKind: "cli", subjectKind: "settings", subject: "token_secret", before: null, after: null }]);
      const made = await readSetting(read, tables, "token_secret");
      expect(made).toMatch(/^[\w-]{43}$/);
      expect(made).not.toBe(old);
    } finally {
      await other.stop();
      await node.stop();
    }
  });
});
