import { rmSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "./support/cli";
import { runCliHere } from "./support/command";
import { type Program, startProgram } from "./support/program";
import { temporaryFolder } from "./support/temporary-folder";

const folder = temporaryFolder("cli");
const env = { DATABASE_URL: `file:${path.join(folder, "latchkey.db")}` };
/** Each kind of end is also tested as a process: done, refused, not understood, no. */
const asProcess = (...args: string[]) => runCli(args, env);
const latchkey = (...args: string[]) => runCliHere(args, env);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const stackTrace = /\n\s+at /;

describe.sequential("on a database of its own", () => {
  test("migrate makes one, demo fills it, and a second demo is refused with a sentence", async () => {
    expect(await asProcess("migrate")).toEqual({
      code: 0,
      stdout: expect.stringContaining("this program's version"),
      stderr: `Created the database ${path.join(folder, "latchkey.db")}.\n`,
    });
    expect(await latchkey("migrate")).toMatchObject({ code: 0, stderr: "" });
    expect(await asProcess("demo")).toMatchObject({ code: 0, stderr: "" });
    expect(await latchkey("demo")).toEqual({ code: 1, stdout: "", stderr: expect.stringMatching(/^There is data already.*\n$/) });
  });

  test("names lists keys and names that look like others, of which the demo has none", async () => {
    expect(await latchkey("names")).toEqual({ code: 0, stdout: "No key and no name looks like another.\n", stderr: "" });
    expect(JSON.parse((await latchkey("names", "--json")).stdout)).toEqual([]);
  });

  test("tenants list searches, filters and limits; --json is for programs and says on stderr that there are more", async () => {
    const table = await latchkey("tenants", "list", "--plan", "premium", "--limit", "3");
    expect(table.code).toBe(0);
    expect(table.stdout.split("\n")).toHaveLength(1 + 3 + 1);
    expect(table.stdout).toMatch(/^KEY +STATUS +PLAN +TRIALS +NAME\n/);
    const json = await asProcess("tenants", "list", "--status", "suspended", "--limit", "2", "--json");
    const tenants = JSON.parse(json.stdout);
    expect(tenants).toHaveLength(2);
    for (const tenant of tenants) expect(tenant).toMatchObject({ key: expect.any(String), status: "suspended", addOns: expect.any(Array) });
    expect(json.stderr).toMatch(/^2 of \d+ shown/);
    const [{ key, name }] = tenants;
    expect(JSON.parse((await latchkey("tenants", "list", "--search", name.toUpperCase(), "--json")).stdout)).toContainEqual(
      expect.objectContaining({ key }),
    );
  });

  test("check answers with its exit code: 0 for yes, 3 for no; in words or as JSON; also about the past", async () => {
    const [tenant] = JSON.parse(
      (await latchkey("tenants", "list", "--plan", "ultimate", "--status", "active", "--limit", "1", "--json")).stdout,
    );
    const yes = await latchkey("check", tenant.key, "epics");
    expect(yes).toMatchObject({ code: 0, stderr: "", stdout: expect.stringMatching(/^Yes: Part of Ultimate, from Premium\.\n/) });
    const no = await asProcess("check", tenant.key, "geos", "--json");
    expect(no).toMatchObject({ code: 3, stderr: "" });
    expect(JSON.parse(no.stdout)).toMatchObject({ entitled: false, reason: { code: "feature_not_found" } });
    const before = await latchkey("check", tenant.key, "epics", "--at", "2020-01-01T00:00:00Z");
    expect(before).toMatchObject({ code: 3, stdout: expect.stringMatching(/^No: There is no such tenant\.\n/) });
  });

  test("an owner is created with a password from standard input, and not twice; without one a link is printed", async () => {
    const owner = (email: string) => ["owner", "create", "--email", email, "--name", "Ada"];
    const create = (email: string) => runCli([...owner(email), "--password-stdin"], env, "violet otter signs\n");
    expect(await create("Ada@Example.com")).toMatchObject({ code: 0, stderr: "" });
    expect(await create("ada@example.com")).toMatchObject({ code: 1, stderr: expect.stringContaining("already") });
    const printsLink = { code: 0, stdout: expect.stringMatching(/^http:\S+\/invite\/[\w-]{43}\n$/) };
    expect(await latchkey(...owner("bea@example.com"))).toMatchObject(printsLink);
    expect(await latchkey("owner", "reset-password", "--email", "ada@example.com")).toMatchObject(printsLink);
    const short = await runCli(["owner", "reset-password", "--email", "ada@example.com", "--password-stdin"], env, "short\n");
    expect(short).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("12 characters") });
  });

  test("what cannot be understood prints the help and ends with 2", async () => {
    const ends = [
      await asProcess("bogus"),
      await latchkey("keys", "create", "--name", "x"),
      await latchkey("check", "acme", "epics", "--at", "yesterday"),
      await latchkey("tenants", "list", "--limit", "0"),
    ];
    for (const { code, stdout, stderr } of ends) {
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toContain("Usage: latchkey");
    }
    expect(await latchkey("check", "--help")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("Exit codes: 0 yes, 3 no"),
      stderr: "",
    });
  });

  test("what goes wrong is one sentence with the way out, and no stack trace", async () => {
    const elsewhere = await runCli(["keys", "list"], { DATABASE_URL: "mysql://x" });
    expect(elsewhere).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("postgres://") });
    const unwritable = await runCliHere(["migrate"], { DATABASE_URL: "file:/proc/latchkey.db" });
    expect(unwritable).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("cannot be written") });
    const unknown = await latchkey("keys", "revoke", "key_none");
    expect(unknown).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("There is no API key key_none") });
    for (const { stderr } of [elsewhere, unwritable, unknown]) expect(stderr).not.toMatch(stackTrace);
  });
});

describe.sequential("beside a running server", () => {
  let server: Program;
  beforeAll(async () => {
    server = await startProgram({}, ["cli.js", "start"]);
  });
  afterAll(async () => void (await server?.kill()));

  const beside = (...args: string[]) => runCliHere(args, { DATABASE_URL: server.env.DATABASE_URL });
  const ask = (key: string, tenant: string) =>
    fetch(`${server.url}/api/entitlements?tenant=${tenant}&feature=epics`, { headers: { authorization: `Bearer ${key}` } });

  test("each change is seen by the server's very next check: a new key, demo data, a revoked key", async () => {
    const made = await beside("keys", "create", "--name", "app", "--scope", "check", "--json");
    const { key, id } = JSON.parse(made.stdout);
    const nobody = await ask(key, "org-1");
    expect([nobody.status, await nobody.json()]).toMatchObject([
      200,
      { entitlements: { epics: { reason: { code: "tenant_not_found" } } } },
    ]);

    expect(await beside("demo")).toMatchObject({ code: 0 });
    const [tenant] = JSON.parse(
      (await beside("tenants", "list", "--plan", "premium", "--status", "active", "--limit", "1", "--json")).stdout,
    );
    expect(await (await ask(key, encodeURIComponent(tenant.key))).json()).toMatchObject({ entitlements: { epics: { entitled: true } } });

    expect(await beside("keys", "revoke", id)).toMatchObject({ code: 0 });
    const refused = await ask(key, "org-1");
    expect([refused.status, await refused.json()]).toMatchObject([401, { code: "key_revoked" }]);
  });

  test("a key for browsers needs its tenant and its origins; a rotated key works beside its successor", async () => {
    const pub = ["keys", "create", "--name", "shop", "--pub", "--json"];
    const bare = await beside(...pub);
    expect([bare.code, bare.stderr]).toEqual([1, expect.stringContaining("Name the tenant")]);
    const made = await beside(...pub, "--tenant", "acme", "--origin", "https://a.example", "--origin", "https://b.example");
    expect(JSON.parse(made.stdout)).toMatchObject({
      kind: "pub",
      scopes: ["check"],
      tenant: "acme",
      origins: ["https://a.example", "https://b.example"],
    });
    const { id, key } = JSON.parse(made.stdout);
    const rotated = JSON.parse((await beside("keys", "rotate", id, "--json")).stdout);
    expect(rotated).toMatchObject({ replaces: id, key: expect.stringMatching(/^lk_pub_/) });
    for (const each of [key, rotated.key]) {
      expect((await ask(each, "acme")).status).toBe(200);
      expect((await ask(each, "org-1")).status).toBe(403);
    }
    const again = await beside("keys", "rotate", id);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("has taken over from this one already")]);
  });

  test("tokens rotate-secret ends tokens at the server's very next check, and no key", async () => {
    const made = await beside("keys", "create", "--name", "app", "--scope", "check", "--json");
    const { key } = JSON.parse(made.stdout);
    const [tenant] = JSON.parse((await beside("tenants", "list", "--limit", "1", "--json")).stdout);
    const name = encodeURIComponent(tenant.key);
    const headers = { authorization: `Bearer ${key}` };
    const { token } = await (await fetch(`${server.url}/api/tenants/${name}/token`, { method: "POST", headers })).json();
    expect((await ask(token, name)).status).toBe(200);
    const rotated = await beside("tokens", "rotate-secret");
    expect(rotated).toEqual({ code: 0, stdout: expect.stringContaining("Every token"), stderr: "" });
    const refused = await ask(token, name);
    expect([refused.status, await refused.json()]).toMatchObject([401, { code: "key_unknown" }]);
    expect((await ask(key, name)).status).toBe(200);
  });

  test("the key that is printed stands alone on stdout, so that a script can keep it", async () => {
    const args = ["keys", "create", "--name", "app", "--scope", "check", "--scope", "manage"];
    const { code, stdout, stderr } = await runCli(args, { DATABASE_URL: server.env.DATABASE_URL });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^lk_live_\w{36}\n$/)]);
    expect(stderr).toContain("not shown again");
    const { stdout: listed } = await beside("keys", "list");
    expect(listed).toContain("check+manage");
    expect(listed).not.toContain(stdout.trim());
  });

  test("start serves as npm start does, and SIGTERM ends it in order", async () => {
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect(await server.stop()).toBe(0);
  });
});
