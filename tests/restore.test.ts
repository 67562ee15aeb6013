import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import path from "node:path";
import Sqlite from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCli } from "./support/cli";
import { runCliHere } from "./support/command";
import { copyMigratedFile } from "./support/postgres";
import { startProgram } from "./support/program";
import { temporaryFolder } from "./support/temporary-folder";

let folder: string;
let file: string;
let env: { DATABASE_URL: string };
beforeEach(() => {
  folder = temporaryFolder("restore");
  file = path.join(folder, "data", "latchkey.db");
  env = { DATABASE_URL: `file:${file}` };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const copy = () => path.join(folder, "copy.db");
const walSize = () => statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
const restore = (name: string, ...more: string[]) => runCli(["restore", name, ...more], env);
const restoreHere = (name: string, ...more: string[]) => runCliHere(["restore", name, ...more], env);

async function createManageKey(): Promise<string> {
  const made = await runCliHere(["keys", "create", "--name", "test", "--scope", "manage", "--json"], env);
  return JSON.parse(made.stdout).key;
}

async function putTenants(url: string, key: string, from: number, to: number): Promise<void> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  for (let i = from; i < to; i++) {
    const body = JSON.stringify({ name: `Tenant ${i}`, metadata: { text: "x".repeat(9_000) } });
    const answer = await fetch(`${url}/api/tenants/t${i}`, { method: "PUT", headers, body });
    expect(answer.status).toBe(201);
  }
}

/** Checks the file as it lies there, with nothing beside it. */
function tenantsInCopy(): number {
  const connection = new Sqlite(file);
  expect(connection.pragma("integrity_check", { simple: true })).toBe("ok");
  const count = connection.prepare("select count(*) from tenants").pluck().get() as number;
  connection.close();
  return count;
}

async function failToStart(): Promise<string> {
  return startProgram(env).then(
    async (program) => {
      await program.kill();
      return "it started";
    },
    (error) => String(error),
  );
}

test.each(["VACUUM INTO", "cp while it was stopped"])(
  "a copy by %s over the database of a killed server is refused at start, and restored by the command",
  async (kind) => {
    let program = await startProgram(env);
    const key = await createManageKey();
    await putTenants(program.url, key, 0, 20);
    if (kind === "VACUUM INTO") {
      const connection = new Sqlite(file);
      connection.prepare("VACUUM INTO ?").run(copy());
      connection.close();
    } else {
      await program.stop();
      copyFileSync(file, copy());
      program = await startProgram(env);
    }
    for (let from = 20; walSize() < 3_000_000; from += 20) await putTenants(program.url, key, from, from + 20);
    await program.kill();
    expect(walSize()).toBeGreaterThan(3_000_000);
    copyFileSync(copy(), file);

    const said = await failToStart();
    expect(said).toContain(`${file}-wal does not belong to ${file}`);
    expect(said).toContain(`latchkey restore ${file} --overwrite`);
    for (const args of [["migrate"], ["tenants", "list"]]) {
      expect(await runCliHere(args, env)).toMatchObject({ code: 1, stderr: expect.stringContaining("does not belong to") });
    }

    expect(await restoreHere(copy())).toMatchObject({ code: 1, stderr: expect.stringContaining("add --overwrite") });
    expect(walSize()).toBeGreaterThan(3_000_000);
    // The file itself is the copy by now, too.
    const done = await restore(kind === "VACUUM INTO" ? copy() : file, "--overwrite");
    expect(done).toMatchObject({ code: 0, stdout: `${file} holds the copy. Start Latchkey to use it.\n` });
    expect(readdirSync(path.dirname(file))).toEqual(["latchkey.db"]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(tenantsInCopy()).toBe(20);
    const again = await startProgram(env);
    await putTenants(again.url, key, 20, 22);
    expect(await again.stop()).toBe(0);
  },
);

test("a database that a server has open is not touched, and goes on", async () => {
  const program = await startProgram(env);
  const key = await createManageKey();
  await putTenants(program.url, key, 0, 2);
  const connection = new Sqlite(file);
  connection.prepare("VACUUM INTO ?").run(copy());
  connection.close();
  const done = await restore(copy(), "--overwrite");
  expect(done).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining(`A running Latchkey has ${file} open.`) });
  await putTenants(program.url, key, 2, 4);
  expect(await program.stop()).toBe(0);
  expect(tenantsInCopy()).toBe(4);
  expect(readdirSync(path.dirname(file))).toEqual(["latchkey.db"]);
});

test("a copy goes into an empty place with what its own -wal holds, for this user alone", async () => {
  const elsewhere = path.join(folder, "elsewhere", "latchkey.db");
  mkdirSync(path.dirname(elsewhere));
  await copyMigratedFile(elsewhere);
  const connection = new Sqlite(elsewhere);
  connection.exec("insert into settings values ('last', '1')");
  for (const beside of ["", "-wal"]) copyFileSync(`${elsewhere}${beside}`, `${copy()}${beside}`);
  connection.close();

  expect(await restore(copy())).toMatchObject({ code: 0, stderr: "" });
  expect([statSync(path.dirname(file)).mode & 0o777, statSync(file).mode & 0o777]).toEqual([0o700, 0o600]);
  expect(readdirSync(path.dirname(file))).toEqual(["latchkey.db"]);
  const restored = new Sqlite(file);
  expect(restored.prepare("select value from settings where key = 'last'").pluck().get()).toBe("1");
  restored.close();
});

test.each([
  ["that is not there", () => {}, "there is no such file"],
  ["that is no database", () => writeFileSync(copy(), "Dear Ada, ".repeat(1_000)), "is damaged and was not restored"],
  ["of another program", () => new Sqlite(copy()).exec("create table recipes (name text)").close(), "is not a Latchkey database"],
  [
    "with a broken page",
    () => {
      copyFileSync(file, copy());
      const fd = openSync(copy(), "r+");
      // The head of a page: what lies between its head and its rows may hold anything.
      writeSync(fd, Buffer.alloc(2_048, 7), 0, 2_048, Math.floor(statSync(copy()).size / 8_192) * 4_096);
      closeSync(fd);
    },
    "is damaged",
  ],
])("a copy %s leaves the database as it is", async (_which, make, sentence) => {
  mkdirSync(path.dirname(file));
  await copyMigratedFile(file);
  make();
  const before = statSync(file).mtimeMs;
  expect(await restoreHere(copy(), "--overwrite")).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining(sentence) });
  expect([statSync(file).mtimeMs, existsSync(`${file}.restoring-lock`)]).toEqual([before, false]);
  expect(readdirSync(path.dirname(file))).toEqual(["latchkey.db"]);
});

test("for PostgreSQL the command says what to do instead", async () => {
  const done = await runCliHere(["restore", copy()], { DATABASE_URL: "postgres://127.0.0.1:1/none" });
  expect(done).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("pg_restore") });
});
