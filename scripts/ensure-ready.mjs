// Runs before `npm start`, `npm run dev`, `npm test` and `npx latchkey`: installs and builds if something changed. Uses
// Node built-ins only, also in its imports, because node_modules may not exist yet.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { whyInstallFailed } from "./install-failure.mjs";
import { oneAtATime } from "./one-at-a-time.mjs";
import { planPackages, presentPackages } from "./package-plan.mjs";
import { exitWith, npm, refusal, root } from "./run.mjs";
import { packagesStamp, sourcesStamp } from "./stamps.mjs";

const modules = path.join(root, "node_modules");
/** A stamp and what was installed, `all` or `runtime`. */
const packagesFile = path.join(modules, ".latchkey-packages");
/** Exists while `npm start` installs, so that an installation that was interrupted is still its own. */
const startingFile = path.join(root, ".cache/installing-for-start");
const buildFile = path.join(root, "build/.latchkey-sources");
export const serverFile = path.join(root, "build/server/main.js");

/** @param {string} file */
const read = (file) => (existsSync(file) ? readFileSync(file, "utf8") : "");
/** @param {string} file @returns {Record<string, import("./package-plan.mjs").LockedPackage>} */
const lockedIn = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).packages : {});

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if ((major === 20 && minor >= 20) || (major === 22 && minor >= 22) || major >= 24) return;
  throw refusal(
    `Latchkey needs Node 20.20 or newer, 22.22 or newer, or 24 and up. This is ${process.version}: please change Node and start again.`,
  );
}

/** Node's own headers, if present: otherwise compiling better-sqlite3 downloads them from nodejs.org. */
function withLocalHeaders() {
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, npm_config_update_notifier: "false" };
  const prefix = path.resolve(process.execPath, "../..");
  const version = read(path.join(prefix, "include/node/node_version.h")).match(/NODE_MAJOR_VERSION\s+(\d+)/)?.[1];
  if (env.npm_config_nodedir || version !== process.versions.node.split(".")[0]) return env;
  env.npm_package_config_node_gyp_nodedir = prefix;
  // The older name, for the node-gyp of npm 10; npm 11 warns about it.
  if (!/^npm\/1[1-9]\./.test(env.npm_config_user_agent ?? "")) env.npm_config_nodedir = prefix;
  return env;
}

const sqliteLoads = () =>
  spawnSync(process.execPath, ["-e", "new (require('better-sqlite3'))(':memory:').close()"], { cwd: root, stdio: "ignore" }).status === 0;

/** @typedef {import("./package-plan.mjs").Packages} Packages */

/** The packages recorded as installed for this lock file and Node version. @returns {Packages | "none"} */
function recordedPackages() {
  const [stamp, packages = "all"] = read(packagesFile).split(" ");
  return stamp !== packagesStamp() ? "none" : packages === "runtime" ? "runtime" : "all";
}

/** Variant after a manual `npm ci`: another install would only cost a minute. @returns {Packages | "none"} */
function findPackages() {
  const recorded = recordedPackages();
  if (recorded !== "none") return recorded;
  const present = presentPackages(lockedIn(path.join(root, "package-lock.json")), lockedIn(path.join(modules, ".package-lock.json")));
  return present !== "none" && sqliteLoads() ? present : "none";
}

const wasInstalledForStart = () => !existsSync(modules) || existsSync(startingFile) || read(packagesFile).endsWith(" runtime");

/** @param {Packages} packages */
const record = (packages) => writeFileSync(packagesFile, `${packagesStamp()} ${packages}`);

/** @param {Progress} progress */
async function install({ say, output }) {
  say("Installing packages (a minute or two, only now and after updates) …");
  const { code, text } = await npm(["ci", "--include=dev", "--no-audit", "--no-fund"], { env: withLocalHeaders(), output });
  if (code !== 0) throw refusal(`${output === "none" ? text : ""}\n${whyInstallFailed(text)}`);
  if (!sqliteLoads())
    throw refusal(
      "The packages are installed, but better-sqlite3 was not compiled. If npm is told to ignore install scripts, run: npm rebuild better-sqlite3 --ignore-scripts=false",
    );
}

/** Leaves what the built program needs. A host that serves has no use for a compiler or a test runner. @param {Progress} progress */
async function prune({ say, output }) {
  say("Removing packages that only the build needed …");
  const { code, text } = await npm(["prune", "--omit=dev", "--no-audit", "--no-fund"], { output });
  if (code !== 0) throw refusal(`${output === "none" ? text : ""}\nnpm could not remove the build's packages; its messages stand above.`);
}

/** @param {Progress} progress */
async function build({ say, output }) {
  const stamp = sourcesStamp();
  if (read(buildFile) === stamp && existsSync(serverFile)) return;
  say("Building (about 20 seconds) …");
  rmSync(buildFile, { force: true });
  const { code, text } = await npm(["run", "build"], { env: { ...process.env, NODE_ENV: "production" }, output });
  if (code !== 0 || !existsSync(serverFile))
    throw refusal(`${output === "none" ? text : ""}\nThe build failed; the messages above say where. Put that right and start again.`);
  mkdirSync(path.dirname(buildFile), { recursive: true });
  writeFileSync(buildFile, stamp);
}

/** @typedef {{ say: (line: string) => void, output: "stderr" | "none" }} Progress */
/**
 * Everything it prints goes to stderr, so that a command's own output stays clean.
 * @param {{ withBuild?: boolean, packages?: Packages, quiet?: boolean }} [options] `packages`: `runtime` where only the built program
 * will run. `quiet` shows the output of npm only when it failed
 */
export async function ensureReady({ withBuild = true, packages: wanted = "all", quiet = false } = {}) {
  checkNode();
  const isBuilt = () => !withBuild || (existsSync(serverFile) && read(buildFile) === sourcesStamp());
  const isInstalled = () => {
    const recorded = recordedPackages();
    return recorded === "all" || recorded === wanted;
  };
  if (isInstalled() && isBuilt() && !existsSync(startingFile)) return;
  const say = (/** @type {string} */ line) => console.error(line);
  const wait = () => say("Another process is installing or building here: waiting for it …");
  await oneAtATime(path.join(root, ".cache/ensure-ready.lock"), wait, async () => {
    /** @type {Progress} */
    const progress = { say, output: quiet ? "none" : "stderr" };
    const present = findPackages();
    const plan = planPackages({ wanted, needsBuild: !isBuilt(), present, isOurs: wasInstalledForStart() });
    if (plan.prune) writeFileSync(startingFile, "");
    else rmSync(startingFile, { force: true });
    if (plan.install) await install(progress);
    if (plan.install || present !== recordedPackages()) record(plan.install ? "all" : present === "runtime" ? "runtime" : "all");
    if (withBuild) await build(progress);
    if (!plan.prune) return;
    await prune(progress);
    record("runtime");
    rmSync(startingFile);
  });
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const packages = process.argv.includes("--runtime") ? "runtime" : "all";
  ensureReady({ withBuild: !process.argv.includes("--no-build"), packages }).catch(exitWith);
}
