import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import Sqlite from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { endWithTests } from "./support/end-with-tests";
import { type Program, startProgram } from "./support/program";
import { temporaryFolder } from "./support/temporary-folder";

const main = fileURLToPath(new URL("../build/server/main.js", import.meta.url));
let folder: string;
beforeAll(() => {
  folder = temporaryFolder("start");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Until it ends by itself, as it should when it cannot start. */
async function failToStart(more: Record<string, string>) {
  const DATABASE_URL = `file:${path.join(folder, "latchkey.db")}`;
  const env = { PATH: process.env.PATH, NODE_ENV: "production", DATABASE_URL, PORT: "0", ...more } as NodeJS.ProcessEnv;
  const child = spawn(process.execPath, [main], { env, stdio: ["ignore", "pipe", "pipe"] });
  endWithTests(child);
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      printed += chunk;
    });
  }
  const [code] = await once(child, "close");
  return { code, printed };
}

describe("what keeps it from starting is one sentence with the way out, exit code 1 and no stack trace:", () => {
  async function refuses(more: Record<string, string>, sentence: string) {
    const { code, printed } = await failToStart(more);
    expect([code, printed]).toEqual([1, expect.stringContaining(sentence)]);
    expect(printed).not.toMatch(/\n\s+at |node_modules|\.js:\d/);
  }

  test("a variable that cannot be", () => refuses({ PORT: "http" }, "PORT has to be a whole number from 0 to 65535."));

  test("a key of PostHog's that is of the wrong kind", () =>
    refuses(
      { POSTHOG_PROJECT_API_KEY: "phc_public", POSTHOG_SECRET_KEY: "phc_public" },
      "POSTHOG_SECRET_KEY has to be a secret key, which begins with phx_ or phs_ (phc_ is the project key, which is public).",
    ));

  test("a port that is in use", async () => {
    const other = net.createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as net.AddressInfo;
    await refuses({ PORT: String(port) }, `Port ${port} is in use by another program. Stop that one, or choose another port`);
    other.close();
  });

  test("an address that is another machine's", () => refuses({ HOST: "192.0.2.1" }, "HOST=192.0.2.1 is not an address of this machine."));

  test("a file that is no database", async () => {
    const file = path.join(folder, "letter.db");
    writeFileSync(file, "Dear Ada, this is a letter and no database at all.".repeat(20));
    await refuses({ DATABASE_URL: `file:${file}` }, "is not a usable SQLite database.");
  });

  test("an owner's password that is guessed first", () =>
    refuses(
      { LATCHKEY_OWNER_EMAIL: "a@b.co", LATCHKEY_OWNER_PASSWORD: "password1234" },
      "LATCHKEY_OWNER_PASSWORD: This is among the passwords",
    ));
});

describe("without an owner", () => {
  let program: Program;
  beforeAll(async () => {
    program = await startProgram({ POSTHOG_PROJECT_APIKEY: "phc_x" });
  });
  afterAll(async () => void (await program?.kill()));

  test("the set-up link is printed", async () => {
    await expect
      .poll(program.output, { timeout: 15_000 })
      .toMatch(/There is no owner yet\. Open this link [^\n]*\nhttp:\/\/127\.0\.0\.1:\d+\/setup\/[\w-]{43}\n/);
    expect(program.output()).toMatch(/Latchkey is ready on http:\/\/127\.0\.0\.1:\d+ \(\d+ ms\)/);
  });

  test("a variable that looks like one of PostHog's and has no effect is named in the log, also while PostHog is off", () => {
    expect(program.output()).toContain("POSTHOG_PROJECT_APIKEY has no effect. Did you mean POSTHOG_PROJECT_API_KEY?");
  });

  test("SIGTERM ends it in order while a client holds on", async () => {
    const socket = net.connect(Number(new URL(program.url).port), "127.0.0.1", () =>
      socket.write("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"),
    );
    await once(socket, "data");
    expect(await program.stop()).toBe(0);
  });
});

/** With an owner, so that a later start has nothing to write before it listens. */
const owned = () => path.join(folder, "owned.db");
const owner = { email: "root@example.com", password: "walrus teapot grammar" };
const owns = { LATCHKEY_OWNER_EMAIL: owner.email, LATCHKEY_OWNER_PASSWORD: owner.password };

describe("with an owner from the environment", () => {
  let answer: Response;
  let output: string;
  let code: number | string;
  beforeAll(async () => {
    const program = await startProgram({ ...owns, DATABASE_URL: `file:${owned()}` });
    const body = new URLSearchParams(owner).toString();
    const headers = { origin: program.url, "content-type": "application/x-www-form-urlencoded" };
    answer = await fetch(`${program.url}/sign-in`, { method: "POST", body, headers, redirect: "manual" });
    code = await program.stop();
    output = program.output();
  });

  test("no link is printed, and the owner signs in", () => {
    expect([answer.status, answer.headers.get("location")]).toEqual([302, "/"]);
    expect(output).not.toContain("There is no owner yet");
    expect(output).not.toContain(owner.password);
    expect(code).toBe(0);
  });

  test("a database that is locked while the server starts delays its jobs and does not end it", async () => {
    const file = path.join(folder, "locked.db");
    copyFileSync(owned(), file);
    const other = new Sqlite(file);
    other.exec(`insert into flag_readings (tenant, flag, at, reading) values ('acme', 'beta', ${Date.now() - 1_000}, '{"state":"on"}')`);
    other.exec("BEGIN IMMEDIATE");

    const program = await startProgram({ ...owns, DATABASE_URL: `file:${file}` });
    await expect.poll(program.output, { timeout: 30_000 }).toContain("could not record that PostHog is off; trying again");
    await expect.poll(program.output).toContain("Latchkey is ready");
    other.exec("COMMIT");

    const noted = () => other.prepare("select count(*) from flag_readings where tenant = ''").pluck().get();
    await expect.poll(noted, { timeout: 30_000 }).toBe(1);
    expect((await fetch(`${program.url}/readyz`)).status).toBe(200);
    other.close();
    expect(await program.stop()).toBe(0);
  });
});

test("a server that is stopped before its jobs have started stops in order", async () => {
  const file = path.join(folder, "starting.db");
  const env = { DATABASE_URL: `file:${file}` };
  await (await startProgram(env)).stop();
  const other = new Sqlite(file);
  other.exec(`insert into flag_readings (tenant, flag, at, reading) values ('acme', 'beta', ${Date.now() - 1_000}, '{"state":"on"}')`);
  other.exec("BEGIN IMMEDIATE");
  const program = await startProgram(env);
  const stopped = program.stop();
  await expect.poll(program.output).toContain("stopping");
  other.exec("COMMIT");
  other.close();
  expect(await stopped).toBe(0);
  expect(program.output()).not.toMatch(/"level":[56]0|trying again/);
});
