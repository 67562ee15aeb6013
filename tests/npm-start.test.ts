import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { planPackages, presentPackages } from "../scripts/package-plan.mjs";

describe("what npm start installs and removes", () => {
  const state = (wanted: "all" | "runtime", present: "all" | "runtime" | "none", needsBuild: boolean, isOurs: boolean) => ({
    wanted,
    present,
    needsBuild,
    isOurs,
  });

  test.each([
    ["a fresh host builds with everything and keeps what runs", state("runtime", "none", true, true), { install: true, prune: true }],
    ["a host that is up to date does nothing", state("runtime", "runtime", false, true), { install: false, prune: false }],
    ["a host with new sources fetches the build's packages again", state("runtime", "runtime", true, true), { install: true, prune: true }],
    ["an installation that was interrupted ends", state("runtime", "all", false, true), { install: false, prune: true }],
    ["a checkout keeps its packages", state("runtime", "all", true, false), { install: false, prune: false }],
    ["a checkout keeps them when they are outdated, too", state("runtime", "none", true, false), { install: true, prune: false }],
    [
      "packages that run, beside a build from elsewhere, are enough",
      state("runtime", "runtime", false, false),
      { install: false, prune: false },
    ],
    ["tests after npm start install everything", state("all", "runtime", false, true), { install: true, prune: false }],
    ["tests in a checkout install nothing", state("all", "all", true, false), { install: false, prune: false }],
  ])("%s", (_what, given, plan) => {
    expect(planPackages(given)).toEqual(plan);
  });

  const locked = {
    "": {},
    "node_modules/runs": { version: "1.0.0" },
    "node_modules/builds": { version: "2.0.0", dev: true },
    "node_modules/elsewhere": { version: "3.0.0", optional: true },
  };
  test.each([
    ["everything", { "node_modules/runs": { version: "1.0.0" }, "node_modules/builds": { version: "2.0.0" } }, "all"],
    ["what runs", { "node_modules/runs": { version: "1.0.0" } }, "runtime"],
    ["another version of what builds", { "node_modules/runs": { version: "1.0.0" }, "node_modules/builds": { version: "1.9.0" } }, "none"],
    ["another version of what runs", { "node_modules/runs": { version: "0.9.0" }, "node_modules/builds": { version: "2.0.0" } }, "none"],
    ["what builds alone", { "node_modules/builds": { version: "2.0.0" } }, "none"],
    ["nothing", {}, "none"],
  ])("a folder with %s is seen as that", (_what, here, present) => {
    expect(presentPackages(locked, here)).toBe(present);
  });
});

describe.sequential("in a folder with a package that runs and one that builds", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "latchkey-npm-"));
  const at = (...parts: string[]) => path.join(folder, ...parts);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function run(command: string, ...args: string[]) {
    const { PATH, HOME } = process.env;
    const env: NodeJS.ProcessEnv = { PATH, HOME, NODE_ENV: "test", npm_config_update_notifier: "false" };
    const child = spawn(command, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
    if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
    return stderr;
  }
  const start = () => run(process.execPath, at("scripts/ensure-ready.mjs"), "--runtime");
  const prepareTests = () => run(process.execPath, at("scripts/ensure-ready.mjs"));
  const builder = () => existsSync(at("node_modules/builder"));
  const builds = () => readFileSync(at("build/server/main.js"), "utf8").length;

  beforeAll(async () => {
    cpSync(fileURLToPath(new URL("../scripts", import.meta.url)), at("scripts"), { recursive: true });
    const write = (file: string, contents: string) => {
      mkdirSync(path.dirname(at(file)), { recursive: true });
      writeFileSync(at(file), contents);
    };
    write("deps/sqlite/package.json", JSON.stringify({ name: "better-sqlite3", version: "1.0.0", main: "index.js" }));
    write("deps/sqlite/index.js", "module.exports = class { close() {} };");
    write("deps/builder/package.json", JSON.stringify({ name: "builder", version: "1.0.0", main: "index.js" }));
    write(
      "deps/builder/index.js",
      "const fs = require('fs'); fs.mkdirSync('build/server', { recursive: true }); fs.appendFileSync('build/server/main.js', 'x');",
    );
    write("app/main.ts", "1");
    write(
      "package.json",
      JSON.stringify({
        name: "small",
        scripts: { build: "node -e \"require('builder')\"" },
        dependencies: { "better-sqlite3": "file:better-sqlite3-1.0.0.tgz" },
        devDependencies: { builder: "file:builder-1.0.0.tgz" },
      }),
    );
    await run("npm", "pack", "./deps/sqlite", "./deps/builder");
    await run("npm", "install", "--package-lock-only", "--offline");
  });

  test("the first start builds, and leaves what runs; the second does nothing", async () => {
    const lock = readFileSync(at("package-lock.json"), "utf8");
    expect(await start()).toMatch(/Installing packages.*Building.*Removing packages/s);
    expect([builds(), builder(), existsSync(at("node_modules/better-sqlite3"))]).toEqual([1, false, true]);
    expect(await start()).toBe("");
    expect([builds(), builder()]).toEqual([1, false]);
    expect(readFileSync(at("package-lock.json"), "utf8")).toBe(lock);
  });

  test("new sources are built with the build's packages, which are removed again", async () => {
    writeFileSync(at("app/main.ts"), "2");
    await start();
    expect([builds(), builder()]).toEqual([2, false]);
  });

  test("tests install everything and build nothing anew, and from then on a start keeps it", async () => {
    await prepareTests();
    expect([builds(), builder()]).toEqual([2, true]);
    expect(await start()).toBe("");
    writeFileSync(at("app/main.ts"), "3");
    await start();
    expect([builds(), builder()]).toEqual([3, true]);
  });

  test("a start that was interrupted before it removed anything is finished by the next one", async () => {
    writeFileSync(at(".cache/installing-for-start"), "");
    expect(await start()).toMatch(/^Removing packages/);
    expect([builds(), builder()]).toEqual([3, false]);
  });

  test("what somebody installed by hand is kept", async () => {
    await run("npm", "ci", "--offline");
    expect(await start()).toBe("");
    expect(builder()).toBe(true);
  });

  test("what somebody installed by hand for running is enough beside a build", async () => {
    await run("npm", "ci", "--offline", "--omit=dev");
    expect(await start()).toBe("");
    expect([builds(), builder()]).toEqual([3, false]);
  });
});
