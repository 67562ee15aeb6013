import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterEach, describe, expect, test } from "vitest";
import { minConnections, outOfConnections, shareConnections } from "~db/postgres-connections";
import { type Api, startApi } from "../support/api";
import { runCli } from "../support/cli";
import { freshPostgresUrl } from "../support/postgres";
import { type Program, startProgram } from "../support/program";
import { unlessOverloaded } from "../support/unless-overloaded";

let program: Program | undefined;
let api: Api | undefined;
const clients: pg.Client[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end()));
  await program?.kill();
  await api?.stop();
  program = undefined;
  api = undefined;
});

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  clients.push(client);
  return client;
}

test("the processes of a node and their listeners never have more than its connections, and each has some for everything", () => {
  for (let connections = minConnections; connections <= 1_000; connections++) {
    const pools = (["server", "background", "pages"] as const).map((role) => shareConnections(connections, role));
    const listeners = 2;
    const sum = pools.reduce((all, { reads, slowReads, writes }) => all + reads + slowReads + writes, listeners);
    expect(sum).toBe(connections);
    expect(Math.min(...pools.flatMap((each) => Object.values(each)))).toBeGreaterThan(0);
  }
});

test("a node under many clients opens no more connections than it was given", async () => {
  const url = await freshPostgresUrl();
  const connections = 12;
  program = await startProgram({ DATABASE_URL: url, DATABASE_CONNECTIONS: String(connections), LOG_LEVEL: "error" });
  const made = await runCli(["keys", "create", "--name", "t", "--scope", "manage", "--scope", "check", "--json"], { DATABASE_URL: url });
  const headers = { authorization: `Bearer ${JSON.parse(made.stdout).key}`, "content-type": "application/json" };
  // A key that another process made is known after a moment.
  await expect.poll(async () => (await fetch(`${program?.url}/api/tenants`, { headers })).status).toBe(200);
  const watcher = await connect(url);
  const counts: number[] = [];
  let isDone = false;
  const watching = (async () => {
    while (!isDone) {
      const { rows } = await watcher.query("select pid from pg_stat_activity where datname = current_database()");
      counts.push(rows.length - 1);
    }
  })();
  const client = async (i: number) => {
    for (let round = 0; round < 5; round++) {
      const name = `t${i}-${round}`;
      const ask = (path: string, init: RequestInit = {}) =>
        unlessOverloaded(
          () => fetch(`${program?.url}${path}`, { headers, ...init }),
          (answer) => answer.clone().text(),
        );
      const put = await ask(`/api/tenants/${name}`, { method: "PUT", body: JSON.stringify({ name }) });
      const list = await ask(`/api/tenants?search=${name}`);
      const check = await ask(`/api/entitlements?tenant=${name}`);
      expect([put.status, list.status, check.status]).toEqual([201, 200, 200]);
    }
  };
  await Promise.all(Array.from({ length: 60 }, (_, i) => client(i))).finally(() => {
    isDone = true;
  });
  await watching;
  expect(Math.max(...counts)).toBeLessThanOrEqual(connections);
  expect(Math.max(...counts)).toBeGreaterThan(minConnections / 2);
});

describe("where PostgreSQL has no connection left,", () => {
  type Limited = { url: string; admin: pg.Client; role: string };

  /** A database whose user may have a few connections. */
  async function limited(): Promise<Limited> {
    const whole = await freshPostgresUrl();
    const admin = await connect(whole);
    const [role, password] = [`role_${randomBytes(4).toString("hex")}`, randomBytes(8).toString("hex")];
    await admin.query(`create role ${role} login password '${password}' connection limit 8`);
    await admin.query(`alter database "${new URL(whole).pathname.slice(1)}" owner to ${role}`);
    return { url: Object.assign(new URL(whole), { username: role, password }).href, admin, role };
  }

  /** Takes all connections, also those in use elsewhere; returns a function that releases them. */
  async function takeAll({ url, admin, role }: Limited): Promise<() => Promise<void>> {
    const taken: pg.Client[] = [];
    const ofOthers = "from pg_stat_activity where usename = $1 and application_name <> 'taker'";
    for (;;) {
      const client = new pg.Client({ connectionString: url, application_name: "taker" });
      client.on("error", () => {});
      const refused = await client.connect().then(
        () => null,
        (error) => error.code,
      );
      if (refused === null) taken.push(client);
      else {
        expect(refused).toBe("53300");
        const { rows } = await admin.query(`select pg_terminate_backend(pid) ${ofOthers}`, [role]);
        if (rows.length === 0) return async () => void (await Promise.all(taken.map((each) => each.end())));
      }
    }
  }

  test("starts and commands end with a sentence", async () => {
    const database = await limited();
    const { url } = database;
    const release = await takeAll(database);
    const started = await startProgram({ DATABASE_URL: url }).then(() => "started", String);
    expect(started).toContain(outOfConnections);
    const command = await runCli(["migrate"], { DATABASE_URL: url });
    expect(command).toMatchObject({ code: 1, stdout: "", stderr: `${outOfConnections}\n` });
    await release();
  });

  test("requests that need one are answered 503, and all goes on when there are some", async () => {
    const database = await limited();
    const running = await startApi("postgres", { url: database.url });
    api = running;
    const [manage, check] = [await running.keyFor("manage"), await running.keyFor("check")];
    const release = await takeAll(database);
    const both = (round: string) =>
      Promise.all(
        Array.from({ length: 20 }, async (_, i) => {
          const put = await running.send("PUT", `/api/tenants/${round}${i}`, { name: "a" }, manage);
          const answer = await running.get(`/api/entitlements?tenant=other${round}${i}`, check);
          return [put.status, answer.status];
        }),
      );
    const refused = (await both("a")).flat();
    expect(new Set(refused)).toEqual(new Set([503]));
    await release();
    await expect.poll(async () => new Set((await both("b")).flat()), { timeout: 10_000 }).toEqual(new Set([200]));
  });
});
