import { isIP } from "node:net";
import { desc } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { paths } from "~/paths";
import { startTestApp, type TestApp } from "./support/app";
import { textOf } from "./support/page-text";
import { seedCatalogue } from "./support/tenant-world";

let count = 0;
const next = () => `t${++count}`;

/** What proxies and clients write into X-Forwarded-For, and the address that is kept. The peer is 127.0.0.1. */
const forwarded: [sent: string, kept: string][] = [
  ["203.0.113.7", "203.0.113.7"],
  ["198.51.100.1, 203.0.113.7", "203.0.113.7"],
  ["203.0.113.7:4711", "203.0.113.7"],
  ["2001:DB8::1", "2001:db8::1"],
  ["::ffff:203.0.113.7", "203.0.113.7"],
  ["<script>alert(1)</script>", "127.0.0.1"],
  ["203.0.113.7, <b>x</b>", "127.0.0.1"],
  ["unknown", "127.0.0.1"],
  ["999.1.1.1", "127.0.0.1"],
  ["", "127.0.0.1"],
];

describe.each([
  ["behind one proxy", { TRUST_PROXY: "1" }, (kept: string) => kept],
  ["without a proxy", {}, () => "127.0.0.1"],
])("%s, the caller's address", (_where, env, expected) => {
  let app: TestApp;
  let key: string;
  beforeAll(async () => {
    app = await startTestApp({ env });
    await seedCatalogue(app);
    key = await app.apiKey("manage");
  });
  afterAll(() => app.close());

  const newest = async () => {
    const { read, tables } = app.services.db;
    const [row] = await read.select().from(tables.audit).orderBy(desc(tables.audit.seq)).limit(1);
    return row;
  };
  const lastLine = (route: string) =>
    app
      .log()
      .split("\n")
      .filter((line) => line.includes('"msg":"answered"') && line.includes(`"route":"${route}"`))
      .map((line) => JSON.parse(line))
      .at(-1);

  test.each(forwarded)("X-Forwarded-For: %s is %s in audit rows of the API and in its log", async (sent, kept) => {
    const tenant = next();
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json", "x-forwarded-for": sent };
    const answer = await fetch(`${app.url}/api/tenants/${tenant}`, { method: "PUT", headers, body: `{"name":"${tenant}"}` });
    expect(answer.status).toBe(201);
    const address = expected(kept);
    expect(await newest()).toMatchObject({ subject: tenant, actorKind: "api_key", address });
    await expect.poll(() => lastLine("/api/tenants/:key")).toMatchObject({ address });
    const listed = await fetch(`${app.url}/api/audit?limit=1`, { headers });
    expect(await listed.json()).toMatchObject({ items: [{ subject: tenant, address }] });
  });

  test.each(forwarded)("X-Forwarded-For: %s is %s in audit rows of pages and in their log", async (sent, kept) => {
    const address = expected(kept);
    const tenant = next();
    const browser = await app.signIn("owner", `adm_${tenant}`);
    const headers = { "x-forwarded-for": sent };
    const answer = await browser.post(paths.tenantNew(), { key: tenant, name: tenant }, headers);
    expect(answer.status).toBe(302);
    const row = await newest();
    expect(row).toMatchObject({ subject: tenant, actorKind: "admin", address });
    await expect.poll(() => lastLine("*")).toMatchObject({ req: { method: "POST" }, address });
    expect(await textOf(await browser.get(paths.audit()))).toContain(address);
    expect(await textOf(await browser.get(paths.auditEntry(row?.seq ?? 0)))).toContain(address);
    await browser.post("/sign-out", {}, headers);
    expect(await newest()).toMatchObject({ action: "admin.signed_out", address });
    await app.browser().post("/sign-in", { email: "nobody@example.com", password: "walrus teapot grammar" }, headers);
    expect(await newest()).toMatchObject({ action: expect.stringMatching(/signed_out|sign_in_failed/), address });
  });

  test("nothing that is not an address is in any row", async () => {
    const { read, tables } = app.services.db;
    const rows = await read.select({ address: tables.audit.address }).from(tables.audit);
    expect(rows.filter(({ address }) => address !== null && isIP(address) === 0)).toEqual([]);
  });
});
