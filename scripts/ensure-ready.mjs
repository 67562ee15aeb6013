// Runs before `npm start`, `npm run dev`, `npm test` and `npx latchkey`: installs and builds when something changed, else costs nothing.
// Node built-ins only here and in what it imports: node_modules may not exist yet.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { whyInstallFailed } from "./install-failure.mjs";
import { oneAtATime } from "./one-at-a-time.mjs";
import { exitWith, npm, refusal, root } from "./run.mjs";
import { packagesStamp, sourcesStamp } from "./stamps.mjs";

const packagesFile = path.join(root, "node_modules/.latchkey-packages");
const buildFile = path.join(root, "build/.latchkey-sources");
export const serverFile = path.join(root, "build/server/main.js");

/** @param {string} file */
const read = (file) => (existsSync(file) ? readFileSync(file, "utf8") : "");
/** @param {string} file @returns {Record<string, { version?: string, optional?: boolean, devOptional?: boolean }>} */
const lockedIn = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).packages : {});

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if ((major === 20 && minor >= 20) || (major === 22 && minor >= 22) || major >= 24) return;
  throw refusal(
    `Latchkey needs Node 20.20 or newer, 22.22 or newer, or 24 and up. This is ${process.version}: please change Node and start again.`,
  );
}

/** Node's own headers, if they lie beside it: compiling better-sqlite3 would otherwise fetch them from nodejs.org. */
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

/** True after somebody ran `npm ci` by hand: installing once more would only cost a minute. */
function isInstalledByHand() {
  const here = lockedIn(path.join(root, "node_modules/.package-lock.json"));
  const wanted = Object.entries(lockedIn(path.join(root, "package-lock.json"))).filter(([name]) => name !== "");
  const fits = wanted.every(([name, { version, optional, devOptional }]) =>
    here[name] ? here[name].version === version : optional || devOptional,
  );
  return fits && sqliteLoads();
}

/** @param {Progress} progress */
async function install({ say, output }) {
  const stamp = packagesStamp();
  if (read(packagesFile) === stamp) return;
  if (!isInstalledByHand()) {
    say("Installing packages (a minute or two, only now and after updates) …");
    const { code, text } = await npm(["ci", "--include=dev", "--no-audit", "--no-fund"], { env: withLocalHeaders(), output });
    if (code !== 0) throw refusal(`${output === "none" ? text : ""}\n${whyInstallFailed(text)}`);
    if (!sqliteLoads())
      throw refusal(
        "The packages are installed, but better-sqlite3 was not compiled. If npm is told to ignore install scripts, run: npm rebuild better-sqlite3 --ignore-scripts=false",
      );
  }
  writeFileSync(packagesFile, stamp);
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
 * @param {{ withBuild?: boolean, quiet?: boolean }} [options] `quiet` shows the output of npm only when it failed
 */
export async function ensureReady({ withBuild = true, quiet = false } = {}) {
  checkNode();
  const isReady = () =>
    read(packagesFile) === packagesStamp() && (!withBuild || (existsSync(serverFile) && read(buildFile) === sourcesStamp()));
  if (isReady()) return;
  const say = (/** @type {string} */ line) => console.error(line);
  const wait = () => say("Another process is installing or building here: waiting for it …");
  await oneAtATime(path.join(root, ".cache/ensure-ready.lock"), wait, async () => {
    /** @type {Progress} */
    const progress = { say, output: quiet ? "none" : "stderr" };
    await install(progress);
    if (withBuild) await build(progress);
  });
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  ensureReady({ withBuild: !process.argv.includes("--no-build") }).catch(exitWith);
}
