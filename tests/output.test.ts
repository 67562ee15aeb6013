import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runCli } from "./support/cli";
import { type Program, startProgram } from "./support/program";
import { temporaryFolder } from "./support/temporary-folder";

let folder: string;
let program: Program | undefined;
const undo: (() => void)[] = [];
beforeEach(() => {
  folder = temporaryFolder("output");
});
afterEach(async () => {
  await program?.kill();
  program = undefined;
  for (const one of undo.splice(0).reverse()) one();
  rmSync(folder, { recursive: true, force: true });
});

const token = "a-token-of-some-length";
const status = async (where: string) => (await fetch(`${program?.url}${where}`)).status;
/** At the level debug a line of the log each; ten at a time. */
async function requestLines(count: number): Promise<void> {
  for (let i = 0; i < count; i += 10) {
    const answers = await Promise.all(Array.from({ length: 10 }, () => status("/healthz")));
    expect(new Set(answers)).toEqual(new Set([200]));
  }
}
function open(file: string): number {
  const fd = openSync(file, "a");
  undo.push(() => closeSync(fd));
  return fd;
}

describe("the server goes on, and stops in order, where its log", () => {
  test.runIf(process.platform === "linux")("is on a full disk", async () => {
    program = await startProgram({ METRICS_TOKEN: token, LOG_LEVEL: "debug" }, [], {
      stdout: open("/dev/full"),
      stderr: open("/dev/full"),
    });
    await requestLines(100);
    expect(await status("/healthz")).toBe(200);
    const metrics = await fetch(`${program.url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
    expect(await metrics.text()).toMatch(/^latchkey_log_lines_dropped_total 0$/m);
    expect(await program.stop()).toBe(0);
  });

  test("is a pipe whose reader leaves after the first line", async () => {
    program = await startProgram({ LOG_LEVEL: "debug" });
    await expect.poll(program.output).toContain("\n");
    program.stopReading("leave");
    await requestLines(30);
    expect(await status("/healthz")).toBe(200);
    expect(await program.stop()).toBe(0);
  });

  test("is a pipe that nobody reads any longer", async () => {
    program = await startProgram({ LOG_LEVEL: "debug" });
    program.stopReading("pause");
    await requestLines(3_000);
    expect(await status("/healthz")).toBe(200);
    expect(await program.stop()).toBe(0);
  });

  // Writes are then retried every 50 to 800 ms, also while the background process stops.
  test("is a pipe that became full a moment before the stop", async () => {
    program = await startProgram({ LOG_LEVEL: "debug" });
    program.stopReading("pause");
    await requestLines(1_500);
    expect(await program.stop()).toBe(0);
  });
});

/** Undefined where this user may not mount. */
function mountSmallDisk(): string | undefined {
  const at = path.join(folder, "disk");
  mkdirSync(at);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", at], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  undo.push(() => execFileSync("umount", ["-l", at]));
  return at;
}

test("on a full disk checks go on, writes are refused with 503, /readyz says no, and all comes back with room", async (context) => {
  const disk = mountSmallDisk();
  if (disk === undefined) return context.skip("only root may mount a disk");
  const env = { DATABASE_URL: `file:${disk}/latchkey.db`, LOG_LEVEL: "debug" };
  const logFile = path.join(disk, "log");
  program = await startProgram(env, [], { stdout: open(logFile) });
  const made = await runCli(["keys", "create", "--name", "t", "--scope", "manage", "--scope", "check", "--json"], env);
  const authorization = `Bearer ${JSON.parse(made.stdout).key}`;
  const put = async (key: string) => {
    const init = { method: "PUT", headers: { authorization, "content-type": "application/json" }, body: JSON.stringify({ name: key }) };
    return (await fetch(`${program?.url}/api/tenants/${key}`, init)).status;
  };
  const check = async () =>
    (await fetch(`${program?.url}/api/entitlements?tenant=acme&feature=sso`, { headers: { authorization } })).status;
  expect([await put("acme"), await check(), await status("/readyz")]).toEqual([201, 200, 200]);

  const fill = () => {
    for (let size = 1024 * 1024; size >= 512; ) {
      try {
        writeFileSync(path.join(disk, "filler"), Buffer.alloc(size), { flag: "a" });
      } catch {
        size /= 2;
      }
    }
  };
  // What SQLite had already taken of the disk can be used for a while.
  await expect
    .poll(
      async () => {
        fill();
        return put(`t${Math.random()}`);
      },
      { timeout: 20_000 },
    )
    .toBe(503);
  await expect.poll(() => status("/readyz"), { timeout: 20_000 }).toBe(503);
  await requestLines(50);
  expect([await status("/healthz"), await check()]).toEqual([200, 200]);

  rmSync(path.join(disk, "filler"));
  await expect.poll(() => status("/readyz"), { timeout: 20_000 }).toBe(200);
  expect(await put("umbrella")).toBe(201);
  await expect.poll(() => readFileSync(logFile, "utf8"), { timeout: 20_000 }).toContain("not ready");
  expect(await program.stop()).toBe(0);
});

describe("a command", () => {
  const env = (): NodeJS.ProcessEnv => ({
    PATH: process.env.PATH,
    NODE_ENV: "production",
    DATABASE_URL: `file:${path.join(folder, "latchkey.db")}`,
  });
  const cli = fileURLToPath(new URL("../build/server/cli.js", import.meta.url));

  test.runIf(process.platform === "linux")("whose output cannot be written says so and ends with 1", async () => {
    const child = spawn(process.execPath, [cli, "migrate"], { env: env(), stdio: ["ignore", open("/dev/full"), "pipe"] });
    const [said, [code]] = await Promise.all([text(child.stderr as Readable), once(child, "close")]);
    expect([code, said]).toEqual([1, expect.stringContaining("The output cannot be written (ENOSPC).")]);
    expect(said).not.toMatch(/\n\s+at /);
  });

  test("whose reader has seen enough does all of its work", async () => {
    const file = path.join(folder, "plans.yaml");
    writeFileSync(file, "latchkey: 1\nfeatures:\n  sso: {}\nplans: {}\n");
    const child = spawn(process.execPath, [cli, "import", file, "--yes"], { env: env() });
    child.stdout.destroy();
    const [code] = await once(child, "close");
    expect(code).toBe(0);
    expect((await runCli(["export"], env())).stdout).toContain("sso");
  });
});
