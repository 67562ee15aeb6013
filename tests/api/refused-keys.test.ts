import { and, eq, gt, max } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { minute } from "~/core/time";
import { newApiKey } from "~/server/keys/api-key-format.server";
import { createKey, revokeKey } from "~/server/keys/api-keys.server";
import { type Api, ada, startApi } from "../support/api";
import { now } from "../support/facts";

let api: Api;
beforeAll(async () => {
  api = await startApi("sqlite", { variables: { TRUST_PROXY: "1" } });
  await api.tenant("acme", { name: "Acme" });
});
afterAll(() => api.stop());
/** The number of the newest row before each test. */
let before = 0;
beforeEach(async () => {
  await api.refusedKeys.flush();
  const { read, tables } = api.services.db;
  const [newest] = await read.select({ seq: max(tables.audit.seq) }).from(tables.audit);
  before = newest?.seq ?? 0;
  api.clock.now = now;
});

const ask = async (key: string, from = "203.0.113.7", path = "/api/tenants") =>
  (await api.get(path, key, { "x-forwarded-for": from })).status;
const rows = async () => {
  await api.refusedKeys.flush();
  const { read, tables } = api.services.db;
  const isNew = and(eq(tables.audit.action, "api_key.refused"), gt(tables.audit.seq, before));
  return read.select().from(tables.audit).where(isNew).orderBy(tables.audit.seq);
};
const make = (more: object = {}) => createKey(api.services, ada, { name: "Old app", scopes: ["manage"], expiresAt: null, ...more });

test("a revoked key that goes on asking is one row with its name, the address, the reason and how often", async () => {
  const { id, key } = await make();
  await revokeKey(api.services, ada, id);
  for (let i = 0; i < 5; i++) {
    api.clock.now = now + i;
    expect(await ask(key)).toBe(401);
  }
  expect(await rows()).toMatchObject([
    {
      ...{ actorKind: "api_key", actorId: id, actorName: "Old app", subjectKind: "api_key", subject: id, address: "203.0.113.7" },
      after: { why: "key_revoked", count: 5, lastAt: now + 4 },
    },
  ]);
});

test("each reason, address and key is a row of its own; one network of IPv6 is one address", async () => {
  const expired = await make({ expiresAt: now });
  const narrow = await make({ scopes: ["check"] });
  const bound = await make({ tenant: "acme" });
  expect(await ask(expired.key)).toBe(401);
  expect(await ask(narrow.key)).toBe(403);
  expect(await ask(bound.key)).toBe(403);
  for (const from of ["198.51.100.1", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"]) await ask(expired.key, from);
  expect((await rows()).map(({ subject, address, after }) => [subject, address, (after as { why: string }).why])).toEqual([
    [expired.id, "203.0.113.7", "key_expired"],
    [narrow.id, "203.0.113.7", "scope_missing"],
    [bound.id, "203.0.113.7", "tenant_forbidden"],
    [expired.id, "198.51.100.1", "key_expired"],
    [expired.id, "2001:db8::1", "key_expired"],
    [expired.id, "2001:db8:0:1::1", "key_expired"],
  ]);
});

test("of an unknown key its ends are kept, and of anything else nothing: it may be a password", async () => {
  const unknown = newApiKey();
  await ask(unknown);
  await ask("correct horse battery staple");
  await ask("lk_live_looks_like_one_and_is_none");
  const found = await rows();
  expect(found).toMatchObject([
    { actorKind: "system", subject: `${unknown.slice(0, 12)}…${unknown.slice(-4)}`, after: { why: "key_unknown", count: 1 } },
    { actorKind: "system", subject: "malformed", after: { why: "key_malformed", count: 2 } },
  ]);
  expect(JSON.stringify(found)).not.toMatch(/horse|looks_like/);
});

test("OpenFeature's and streams' ways in count, too; a token is counted as its key, unless it has only reached its end", async () => {
  const { id, key } = await make({ scopes: ["check", "manage"] });
  const { token } = await (await api.send("POST", "/api/tenants/acme/token", { ttl: 60 }, key)).json();
  api.clock.now = now + minute;
  expect(await ask(token, "203.0.113.7", "/api/entitlements?tenant=acme")).toBe(401);
  await revokeKey(api.services, ada, id);
  api.clock.now = now;
  await api.send("POST", "/ofrep/v1/evaluate/flags", { context: { targetingKey: "acme" } }, token);
  await ask(token, "127.0.0.1", "/api/stream?tenant=acme");
  await ask(token, "127.0.0.1", "/api/entitlements?tenant=acme&feature=sso");
  expect(await rows()).toMatchObject([{ subject: id, actorName: "Old app", after: { why: "key_revoked", count: 3 } }]);
});

test("a flood of invented keys does not hide a revoked one", async () => {
  const { id, key } = await make();
  await revokeKey(api.services, ada, id);
  for (let i = 0; i < 30; i++) expect(await ask(newApiKey())).toBe(401);
  expect(await ask(key)).toBe(401);
  const found = await rows();
  expect(found).toHaveLength(22);
  expect(found.filter(({ actorKind }) => actorKind === "api_key")).toMatchObject([
    { subject: id, after: { why: "key_revoked", count: 1 } },
  ]);
  expect(found.at(-1)).toMatchObject({ subject: "*", after: { why: "others", count: 10 } });
});

test("however many invented keys and addresses are tried in a minute, 21 rows are written", async () => {
  for (let i = 0; i < 200; i++) expect(await ask(newApiKey(), `198.51.100.${i}`)).toBe(401);
  const found = await rows();
  expect(found).toHaveLength(21);
  expect(found.at(-1)).toMatchObject({ subject: "*", address: null, after: { why: "others", count: 180 } });
  await ask(newApiKey());
  expect(await rows()).toHaveLength(22);
});

test("minutes in which nothing can be written keep 21 rows, and lose no refusal", async () => {
  const failing = vi.spyOn(api.services.db, "transaction").mockRejectedValue(new Error("disk full"));
  for (let minutes = 0; minutes < 5; minutes++) {
    for (let i = 0; i < 30; i++) await ask(newApiKey(), `198.51.${minutes}.${i}`);
    await api.refusedKeys.flush();
  }
  failing.mockRestore();
  const written = await rows();
  expect(written).toHaveLength(21);
  expect(written.reduce((sum, { after }) => sum + (after as { count: number }).count, 0)).toBe(150);
});

test("good keys, and requests without one, leave no row", async () => {
  const { key } = await make();
  expect(await ask(key)).toBe(200);
  expect((await api.get("/api/tenants", null)).status).toBe(401);
  expect(await rows()).toEqual([]);
});
