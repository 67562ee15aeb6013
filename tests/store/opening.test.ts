import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import Sqlite from "better-sqlite3";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DatabaseProblem } from "~db/database";
import { openDatabase } from "~db/open.server";
import { connect } from "~db/sqlite.server";
import { engines, freshDatabaseUrl } from "../support/services";
import { temporaryFolder } from "../support/temporary-folder";

describe.each(engines)("opening %s", (engine) => {
  let url: string;
  let remove: () => void;
  beforeEach(async () => {
    ({ url, remove } = await freshDatabaseUrl(engine));
  });
  afterEach(() => remove());

  async function runSql(statement: string): Promise<{ [column: string]: unknown }[]> {
    if (engine === "sqlite") {
      const db = new Sqlite(url.slice("file:".length));
      const prepared = db.prepare(statement);
      if (!prepared.reader) prepared.run();
      const rows = prepared.reader ? (prepared.all() as { [column: string]: unknown }[]) : [];
      db.close();
      return rows;
    }
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query(statement).finally(() => client.end());
    return rows;
  }

  test("brings an empty database to the program's version, and finds nothing to do the second time", async () => {
    for (let i = 0; i < 2; i++) {
      const db = await openDatabase(url);
      await db.ping();
      await db.close();
    }
  });

  test("each migration is applied once when four connections open an empty database at the same time", async () => {
    const opened = await Promise.all(Array.from({ length: 4 }, () => openDatabase(url)));
    for (const db of opened) await db.ping();
    for (const db of opened) await db.close();
    const { entries } = JSON.parse(readFileSync(`drizzle/${engine}/meta/_journal.json`, "utf8"));
    const applied = await runSql("select at from latchkey_migrations order by at");
    expect(applied.map(({ at }) => Number(at))).toEqual(entries.map(({ when }: { when: number }) => when));
  });

  test("refuses a database that is newer than the program, and leaves it as it is", async () => {
    await (await openDatabase(url)).close();
    await runSql("insert into latchkey_migrations values (99999999999999, 'from the future')");
    await expect(openDatabase(url)).rejects.toThrow(/newer than this program/);
  });
});

describe("opening SQLite", () => {
  let folder: string;
  beforeEach(() => {
    folder = temporaryFolder("open");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name = "latchkey.db") => path.join(folder, name);

  test("makes the folder that the file is to lie in", async () => {
    await (await openDatabase(`file:${file("a/b/latchkey.db")}`)).close();
    expect(readdirSync(path.join(folder, "a/b"))).toContain("latchkey.db");
  });

  test("says in a sentence that a file is no database", async () => {
    writeFileSync(file(), "this is a letter, not a database, and it is long enough to be read as a header of one".repeat(20));
    const problem = await openDatabase(`file:${file()}`).catch((e) => e);
    expect(problem).toBeInstanceOf(DatabaseProblem);
    expect(problem.message).toMatch(/not a usable SQLite database\. Put back a copy/);
  });

  test("says in a sentence that the place cannot be written", async () => {
    writeFileSync(file("plain"), "");
    const below = await openDatabase(`file:${file("plain/latchkey.db")}`).catch((e) => e);
    expect(below.message).toMatch(/cannot be written/);
    mkdirSync(file("is-a-folder"));
    const folderInstead = await openDatabase(`file:${file("is-a-folder")}`).catch((e) => e);
    expect(folderInstead.message).toMatch(/cannot be written/);
  });

  test("copies a database before it changes the tables of one that is in use", async () => {
    await (await openDatabase(`file:${file()}`)).close();
    const db = new Sqlite(file());
    const rows = db.prepare("select at from latchkey_migrations order by at").pluck().all() as number[];
    // As if the last migration were new: its triggers have to go first.
    db.exec("drop trigger audit_is_never_changed; drop trigger audit_is_never_deleted;");
    db.prepare("delete from latchkey_migrations where at > ?").run(rows[0]);
    db.exec("insert into settings values ('kept', '1')");
    db.close();
    await openDatabase(`file:${file()}`).then(
      (d) => d.close(),
      () => {},
    );
    const copies = readdirSync(folder).filter((f) => f.includes(".before-"));
    expect(copies).toHaveLength(1);
    const copy = new Sqlite(file(copies[0]));
    expect(copy.prepare("select value from settings where key = 'kept'").pluck().get()).toBe("1");
    copy.close();
  });

  test("syncs each commit to the disk on every connection, on a file that exists already too", async () => {
    await (await openDatabase(`file:${file()}`)).close();
    const again = connect(file());
    again.exec("insert into settings values ('a', '1')");
    expect(again.pragma("synchronous", { simple: true })).toBe(2);
    expect(again.pragma("journal_mode", { simple: true })).toBe("wal");
    expect(again.pragma("foreign_keys", { simple: true })).toBe(1);
    again.close();
  });

  test("waits for another process that is writing without holding up this one", async () => {
    const db = await openDatabase(`file:${file()}`);
    const holder = new Sqlite(file());
    holder.exec("begin immediate");
    let turns = 0;
    const turning = setInterval(() => {
      turns += 1;
      if (turns === 10) holder.exec("commit");
    }, 5);
    await db.transaction([], (tx) => Promise.resolve(tx.insert(db.tables.settings).values({ key: "after", value: true })));
    clearInterval(turning);
    expect(turns).toBeGreaterThanOrEqual(10);
    holder.close();
    await db.close();
  });

  test("loses no acknowledged write when the process is killed", async () => {
    await (await openDatabase(`file:${file()}`)).close();
    const script = `
      import Sqlite from "better-sqlite3";
      const db = new Sqlite(process.argv[1]);
      db.pragma("synchronous = FULL");
      const put = db.prepare("insert into settings values (?, 'true')");
      for (let i = 0; ; i++) { put.run("k" + i); process.stdout.write(i + "\\n"); }`;
    const child: ChildProcess = spawn(process.execPath, ["--input-type=module", "-e", script, file()], { cwd: process.cwd() });
    let told = "";
    child.stdout?.on("data", (chunk) => {
      told += chunk;
      if (told.length > 2_000) child.kill("SIGKILL");
    });
    await once(child, "close");
    const last = Number(told.trim().split("\n").at(-1));
    const db = new Sqlite(file());
    expect(db.prepare("select count(*) from settings").pluck().get()).toBeGreaterThanOrEqual(last);
    expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
    db.close();
  });
});

describe("opening PostgreSQL", () => {
  test("says in a sentence what is wrong with the address", async () => {
    await expect(openDatabase("postgres://nobody@127.0.0.1:9/x")).rejects.toThrow(/does not answer/);
    const { url } = await freshDatabaseUrl("postgres");
    const lost = new URL(url);
    lost.pathname = "/lost";
    await expect(openDatabase(lost.href)).rejects.toThrow(/does not exist\. Create it/);
    const wrong = new URL(url);
    wrong.password = "wrong";
    await expect(openDatabase(wrong.href)).rejects.toThrow(/refuses the user or password/);
  });

  test("goes on listening after its connection was cut", async () => {
    const { url } = await freshDatabaseUrl("postgres");
    const db = await openDatabase(url);
    const admin = new pg.Client({ connectionString: url });
    await admin.connect();
    const listeners = "select pid from pg_stat_activity where query like 'LISTEN%' and datname = current_database()";
    const until = async (ask: () => Promise<boolean>) => {
      while (!(await ask())) await new Promise(setImmediate);
    };
    const first = async () => (await admin.query(listeners)).rows[0]?.pid as number | undefined;
    await until(async () => (await first()) !== undefined);
    const old = await first();
    await admin.query("select pg_terminate_backend($1)", [old]);
    await until(async () => (await first()) !== undefined && (await first()) !== old);
    let commits = 0;
    db.followCommits?.((signal) => {
      if (signal === "commit") commits += 1;
    });
    const isHeard = async () => {
      await admin.query("notify latchkey_changes");
      // The new connection itself signals one.
      return commits > 1;
    };
    await until(isHeard);
    await admin.end();
    await db.close();
  });
});
