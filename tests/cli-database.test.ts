import { existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import Sqlite from "better-sqlite3";
import type { Command } from "commander";
import pg from "pg";
import { afterAll, describe, expect, test } from "vitest";
import { buildProgram } from "~/cli/program.server";
import { runCli } from "./support/cli";
import { runCliHere } from "./support/command";
import { freshPostgresUrl } from "./support/postgres";
import { temporaryFolder } from "./support/temporary-folder";

const folder = temporaryFolder("cli-database");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const catalogue = path.join(folder, "plans.yaml");
writeFileSync(catalogue, "latchkey: 1\nfeatures:\n  sso: {}\nplans: {}\n");
const output = path.join(folder, "export.yaml");

/** Every command with what it needs to get as far as the database. `start` is tested as a server, `restore` in restore.test.ts. */
const mayCreate: Record<string, string[]> = {
  apply: [catalogue],
  demo: [],
  import: [catalogue, "--yes"],
  migrate: [],
  "owner create": ["--email", "ada@example.com", "--name", "Ada"],
};
const mayNotCreate: Record<string, string[]> = {
  "admins invite": ["--email", "ada@example.com", "--name", "Ada", "--role", "support"],
  check: ["acme", "sso"],
  export: ["--output", output],
  "figures rebuild": [],
  "jobs list": [],
  "keys create": ["--name", "app", "--scope", "check"],
  "keys list": [],
  "keys revoke": ["key_x"],
  "keys rotate": ["key_x"],
  names: [],
  "owner reset-factors": ["--email", "ada@example.com"],
  "owner reset-password": ["--email", "ada@example.com"],
  plan: [catalogue],
  "tenants list": [],
  "tokens rotate-secret": [],
};

const leavesOf = (command: Command, name: string): string[] =>
  command.commands.length === 0 ? [name] : command.commands.flatMap((c) => leavesOf(c, `${name} ${c.name()}`.trim()));

const fileFor = (name: string) => path.join(folder, name.replaceAll(" ", "-"), "mistyped.db");

test("every command is known to make a database or not to", () => {
  const known = ["start", "restore", ...Object.keys(mayCreate), ...Object.keys(mayNotCreate)];
  expect(
    leavesOf(
      buildProgram(() => Promise.reject(new Error("not opened"))),
      "",
    ).sort(),
  ).toEqual(known.sort());
});

describe("where there is no database", () => {
  test.each(Object.entries(mayNotCreate))("%s makes none, says so and ends with 1", async (name, args) => {
    const file = fileFor(name);
    const { code, stdout, stderr } = await runCliHere([...name.split(" "), ...args], { DATABASE_URL: `file:${file}` });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toBe(`There is no Latchkey database at ${file}. Correct DATABASE_URL, or make one with: latchkey migrate\n`);
    expect(existsSync(path.dirname(file))).toBe(false);
  });

  test("import --dry-run makes none either, and an export leaves an earlier file as it was", async () => {
    const file = fileFor("dry run");
    expect(await runCli(["import", catalogue, "--dry-run"], { DATABASE_URL: `file:${file}` })).toMatchObject({ code: 1, stdout: "" });
    writeFileSync(output, "last night's");
    expect(await runCliHere(["export", "--output", output], { DATABASE_URL: `file:${file}` })).toMatchObject({ code: 1 });
    expect([existsSync(path.dirname(file)), statSync(output).size]).toEqual([false, "last night's".length]);
  });

  test.each(Object.entries(mayCreate))("%s makes one, for this user alone, and says so", async (name, args) => {
    const file = fileFor(name);
    const { code, stderr } = await runCliHere([...name.split(" "), ...args], { DATABASE_URL: `file:${file}` });
    expect([code, stderr]).toEqual([0, expect.stringContaining(`Created the database ${file}.\n`)]);
    expect([statSync(path.dirname(file)).mode & 0o777, statSync(file).mode & 0o777]).toEqual([0o700, 0o600]);
  });
});

test.each(["an empty file", "another program's database"])("%s is not taken for Latchkey's, and stays as it is", async (kind) => {
  const file = path.join(folder, "other.db");
  rmSync(file, { force: true });
  if (kind === "an empty file") writeFileSync(file, "");
  else new Sqlite(file).exec("create table recipes (name text)").close();
  const before = statSync(file).size;
  const { code, stderr } = await runCliHere(["tenants", "list"], { DATABASE_URL: `file:${file}` });
  expect([code, stderr]).toEqual([1, expect.stringContaining("There is no Latchkey database")]);
  expect([statSync(file).size, existsSync(`${file}-wal`)]).toEqual([before, false]);
});

test("an empty PostgreSQL database gets tables from migrate, and from no command that only reads", async () => {
  const url = await freshPostgresUrl();
  const tables = async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query("select count(*)::int as n from information_schema.tables where table_schema = 'public'");
    await client.end();
    return rows[0].n as number;
  };
  for (const [name, args] of Object.entries(mayNotCreate)) {
    const { code, stderr } = await runCliHere([...name.split(" "), ...args], { DATABASE_URL: url });
    expect([name, code, stderr]).toEqual([name, 1, expect.stringMatching(/^There is no Latchkey database at \S+\. Correct DATABASE_URL/)]);
    expect(stderr).not.toContain(new URL(url).password || "nothing to hide");
  }
  expect(await tables()).toBe(0);
  expect(await runCli(["migrate"], { DATABASE_URL: url })).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^Created the database /),
  });
  expect(await tables()).toBeGreaterThan(10);
  expect(await runCliHere(["tenants", "list"], { DATABASE_URL: url })).toMatchObject({ code: 0, stderr: "" });
});
