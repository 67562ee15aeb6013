import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { refusal, root, run } from "./run.mjs";

export const chromiumFlags = [
  "--no-sandbox", // Root, as in most containers, cannot use the sandbox.
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"];
const macApps = ["Google Chrome", "Chromium"].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);

/** @param {string} file */
const isExecutable = (file) => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Playwright's own download folder. */
function playwrightsOwn() {
  try {
    return String(createRequire(path.join(root, "package.json"))("playwright-core").chromium.executablePath());
  } catch {
    return ""; // No build for this system.
  }
}

const onPath = () =>
  (process.env.PATH ?? "").split(path.delimiter).flatMap((folder) => (folder ? names.map((name) => path.join(folder, name)) : []));

/** Installed Chromiums, best first; only CHROMIUM_PATH if set. */
export const installedChromiums = () => {
  const chosen = process.env.CHROMIUM_PATH;
  return (chosen ? [chosen] : [...onPath(), ...macApps, playwrightsOwn()]).filter((file) => file && existsSync(file) && isExecutable(file));
};

/** @param {string} file */
async function startsHeadless(file) {
  const args = ["--headless", "--disable-gpu", ...chromiumFlags, "--dump-dom", "data:text/html,<p>ready</p>"];
  const { code, text } = await run(file, args, { timeout: 60_000, output: "none" });
  return code === 0 && text.includes("<p>ready</p>");
}

async function firstThatStarts() {
  for (const file of installedChromiums()) if (await startsHeadless(file)) return file;
  return undefined;
}

const canUseApt = () => process.getuid?.() === 0 && spawnSync("apt-get", ["--version"], { stdio: "ignore" }).status === 0;

async function installFromDebian() {
  console.log("No Chromium that starts was found: installing Debian's package …");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const update = await run("apt-get", ["update"], { env, timeout: 120_000, output: "none" });
  const install = await run("apt-get", ["install", "-y", "--no-install-recommends", "chromium"], { env, timeout: 300_000, output: "none" });
  if (install.code !== 0) console.log(`apt-get could not install chromium:\n${update.code === 0 ? "" : update.text}${install.text}`);
}

async function downloadPlaywrights() {
  console.log("Downloading Playwright's own Chromium …");
  const env = { ...process.env, PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: "10000" };
  const cli = path.join(root, "node_modules/@playwright/test/cli.js");
  const system = canUseApt() ? ["--with-deps"] : [];
  await run(process.execPath, [cli, "install", ...system, "chromium"], { env, timeout: 240_000, output: "stdout" });
}

/** Returns a Chromium that starts, installing one if there is none. */
export async function ensureChromium() {
  if (process.env.CHROMIUM_PATH) {
    const found = await firstThatStarts();
    if (found) return found;
    throw refusal(
      `CHROMIUM_PATH is ${process.env.CHROMIUM_PATH}, which does not start headless: correct it, or unset it to have one found.`,
    );
  }
  const steps = [async () => {}, ...(canUseApt() ? [installFromDebian] : []), downloadPlaywrights];
  for (const step of steps) {
    await step();
    const found = await firstThatStarts();
    if (found) return found;
  }
  throw refusal(
    "The browser tests need Chromium, and none could be found or installed: install it (Debian: apt-get install chromium) or set CHROMIUM_PATH.",
  );
}
