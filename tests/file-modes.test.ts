import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import Sqlite from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { warnOfWideFiles } from "~/server/process/file-permissions.server";
import type { Services } from "~/server/services.server";
import { openDatabase } from "~db/open.server";

let outer: string;
let folder: string;
let file: string;
beforeEach(() => {
  outer = mkdtempSync(path.join(tmpdir(), "latchkey-modes-"));
  folder = path.join(outer, "data");
  file = path.join(folder, "latchkey.db");
});
afterEach(() => rmSync(outer, { recursive: true, force: true }));

const modes = () =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, (statSync(path.join(folder, name)).mode & 0o777).toString(8)]));

/** What a start would log. */
function warnings(): string[] {
  const lines: string[] = [];
  const log = { warn: (_fields: object, line: string) => lines.push(line) };
  warnOfWideFiles({ env: { databaseUrl: `file:${file}` }, log } as unknown as Services);
  return lines;
}

test("folder, database, -wal, -shm and the copy before a migration are for this user alone", async () => {
  await (await openDatabase(`file:${file}`)).close();
  const older = new Sqlite(file);
  older.exec("drop trigger audit_is_never_changed; drop trigger audit_is_never_deleted;");
  older.exec("delete from latchkey_migrations where at > (select min(at) from latchkey_migrations)");
  older.close();
  await openDatabase(`file:${file}`).catch(() => {}); // the tables are there already; the copy was made before
  const again = new Sqlite(file);
  again.pragma("journal_mode = WAL");
  again.exec("insert into settings values ('a', '1')");
  expect((statSync(folder).mode & 0o777).toString(8)).toBe("700");
  expect(Object.keys(modes()).map((name) => name.replace(/before.*/, "before"))).toEqual([
    "latchkey.db",
    "latchkey.db-shm",
    "latchkey.db-wal",
    "latchkey.db.before",
  ]);
  expect(new Set(Object.values(modes()))).toEqual(new Set(["600"]));
  again.close();
  expect(warnings()).toEqual([]);
});

test("a database that others may read is named at start with the command that closes it, and is not changed", async () => {
  await (await openDatabase(`file:${file}`)).close();
  const copy = `${file}.before-1-2`;
  writeFileSync(copy, "");
  chmodSync(file, 0o640);
  chmodSync(copy, 0o604);
  chmodSync(folder, 0o755);
  const before = modes();
  expect(warnings()).toEqual([
    `Other users of this machine can open the database. Close it to them with: chmod 700 '${folder}' && chmod 600 '${file}' '${copy}'`,
  ]);
  expect(modes()).toEqual(before);
  await (await openDatabase(`file:${file}`)).close();
  expect(modes()).toEqual(before);
});

test("a folder that others use too is not to be closed", async () => {
  await (await openDatabase(`file:${file}`)).close();
  chmodSync(folder, 0o777);
  writeFileSync(path.join(folder, "somebody-elses"), "");
  expect(warnings()).toEqual([]);
});
