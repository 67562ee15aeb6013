import { copyFileSync, existsSync, rmSync, statSync, truncateSync } from "node:fs";
import path from "node:path";
import Sqlite from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "~db/database";
import { openDatabase } from "~db/open.server";
import { findDamage } from "~db/sqlite-soundness.server";
import { findWalMatch } from "~db/sqlite-wal-match.server";
import { temporaryFolder } from "../support/temporary-folder";

let folder: string;
let db: Database | undefined;
let states = 0;
beforeEach(() => {
  folder = temporaryFolder("wal");
});
afterEach(async () => {
  await db?.close();
  db = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const fileOf = (name: string) => path.join(folder, `${name}.db`);
async function open(name = "a"): Promise<Database> {
  db = await openDatabase(`file:${fileOf(name)}`);
  return db;
}
async function close(): Promise<void> {
  await db?.close();
  db = undefined;
}

/** Rows in `settings`, as many pages as that takes. */
async function write(rows = 3, size = 5_000): Promise<void> {
  const values = Array.from({ length: rows }, (_, i) => ({ key: `k${states}-${i}`, value: "x".repeat(size) }));
  states += 1;
  await db?.transaction([], async (tx) => {
    if (db) await tx.insert(db.tables.settings).values(values);
  });
}

/** What a kill at this moment would leave, without what only a living process uses. */
function killed(name = "a"): string {
  const left = fileOf(`killed-${++states}`);
  for (const beside of ["", "-wal"]) copyFileSync(`${fileOf(name)}${beside}`, `${left}${beside}`);
  return left;
}

/** A copy as `cp` makes it of a file whose server is stopped. */
function copyOf(name = "a"): string {
  const copy = fileOf(`copy-${++states}`);
  copyFileSync(fileOf(name), copy);
  return copy;
}

function vacuumInto(name = "a"): string {
  const copy = fileOf(`vacuumed-${++states}`);
  const connection = new Sqlite(fileOf(name));
  connection.prepare("VACUUM INTO ?").run(copy);
  connection.close();
  return copy;
}

async function expectRefused(file: string): Promise<void> {
  const before = statSync(file).mtimeMs;
  const opened = await openDatabase(`file:${file}`).then((db) => db.close().then(() => "opened"), String);
  expect(opened).toContain(`${file}-wal does not belong to ${file}`);
  expect([statSync(file).mtimeMs, existsSync(`${file}-wal`)]).toEqual([before, true]);
}

describe("what a kill leaves is opened:", () => {
  test("at any moment of a life with checkpoints, larger and smaller commits", async () => {
    await open();
    await close();
    await open();
    const seen = new Set<string>();
    for (let i = 0; i < 60; i++) {
      await write(1 + (i % 7) * 20);
      if (i % 9 === 8) await db?.transaction([], async () => {});
      const left = killed();
      seen.add(findWalMatch(left));
      const again = await openDatabase(`file:${left}`);
      await again.close();
      expect(findDamage(left)).toBeNull();
    }
    expect([...seen]).toEqual(["belongs"]);
  });

  test("where the first commit is a change of the schema", async () => {
    await open();
    const left = killed();
    expect(findWalMatch(left)).toBe("unknown");
    await (await openDatabase(`file:${left}`)).close();
  });

  test("where another program wrote, too", async () => {
    await open();
    await write();
    const shell = new Sqlite(fileOf("a"));
    shell.pragma("wal_checkpoint(TRUNCATE)");
    shell.exec("create table noted (what text); insert into noted values ('by hand')");
    const left = killed();
    shell.close();
    expect(findWalMatch(left)).toBe("unknown");
    const again = await openDatabase(`file:${left}`);
    await again.close();
    const connection = new Sqlite(left);
    expect(connection.prepare("select what from noted").pluck().get()).toBe("by hand");
    connection.close();
  });

  test("with a -wal that is cut off in the middle of its last commit", async () => {
    await open();
    await close();
    await open();
    await write();
    await write(200);
    const left = killed();
    truncateSync(`${left}-wal`, statSync(`${left}-wal`).size - 9_000);
    expect(findWalMatch(left)).toBe("belongs");
    await (await openDatabase(`file:${left}`)).close();
  });
});

describe("a copy is refused beside the -wal of a killed process, if it is", () => {
  /** Kills after `wal` commits, and puts the copy over what is left. */
  async function putOver(copy: string, commits = 5): Promise<string> {
    for (let i = 0; i < commits; i++) await write(4);
    const left = killed();
    copyFileSync(copy, left);
    return left;
  }

  test("of the stopped server just before its start", async () => {
    await open();
    await write(200);
    await close();
    const copy = copyOf();
    await open();
    db?.startThreads();
    await expect.poll(() => statSync(`${fileOf("a")}-wal`, { throwIfNoEntry: false })?.size).toBe(0);
    await expectRefused(await putOver(copy));
  });

  test("of a stopped server, some starts ago", async () => {
    await open();
    await write(20);
    await close();
    const copy = copyOf();
    for (let i = 0; i < 2; i++) {
      await open();
      await write(300);
      await close();
    }
    await open();
    await expectRefused(await putOver(copy));
  });

  test.each([
    ["before the first commit of the -wal", 0],
    ["in the middle of it", 3],
  ])("VACUUM INTO's %s", async (_when, commits) => {
    await open();
    await write(20);
    await close();
    await open();
    for (let i = 0; i < commits; i++) await write(4);
    await expectRefused(await putOver(vacuumInto()));
  });

  test("VACUUM INTO's, and has been opened since", async () => {
    await open();
    await write(20);
    const copy = vacuumInto();
    await (await openDatabase(`file:${copy}`)).close();
    await expectRefused(await putOver(copy));
  });

  test("another installation's of the same age", async () => {
    await open("b");
    await write(4);
    await close();
    await open("a");
    await expectRefused(await putOver(fileOf("b")));
  });

  test("newer than the -wal", async () => {
    await open();
    await write(4);
    const old = killed();
    await write(300);
    await close();
    copyFileSync(fileOf("a"), old);
    await expectRefused(old);
  });
});

test("a file that is missing or empty is opened as new beside a -wal of old", async () => {
  await open();
  await write();
  const left = killed();
  rmSync(left);
  expect(findWalMatch(left)).toBe("no wal");
  await (await openDatabase(`file:${left}`)).close();
  expect(findDamage(left)).toBeNull();
});
