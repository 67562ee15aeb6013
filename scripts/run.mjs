import { spawn } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

// Setup continues if the output cannot be written, because the reader has exited (`npm start | head -1`) or the disk is
// full.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/** A failure that the user can act on: shown as a sentence without a stack. */
export const refusal = (/** @type {string} */ sentence) => Object.assign(new Error(sentence), { name: "Refusal" });

/** @param {unknown} error */
export const exitWith = (error) => {
  console.error(error instanceof Error && error.name === "Refusal" ? `\n${error.message}` : error);
  process.exit(1);
};

/**
 * Runs a command to its end in a process group of its own, so that a time-out or Ctrl-C ends its children too.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, timeout?: number, output?: "stdout" | "stderr" | "none" }} [options] `timeout` in ms
 * @returns {Promise<{ code: number, text: string, timedOut: boolean }>} `text` is all that it printed
 */
export function run(command, args, { env = process.env, timeout = 0, output = "stdout" } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"], detached: process.platform !== "win32" });
    let text = "";
    let timedOut = false;
    const end = (/** @type {NodeJS.Signals} */ signal) => {
      try {
        process.kill(process.platform === "win32" ? Number(child.pid) : -Number(child.pid), signal);
      } catch {} // Already ended.
    };
    const interrupted = (/** @type {NodeJS.Signals} */ signal) => {
      end(signal);
      process.exit(signal === "SIGINT" ? 130 : 143);
    };
    const timer = timeout
      ? setTimeout(() => {
          timedOut = true;
          end("SIGKILL");
        }, timeout)
      : undefined;
    process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
    const finish = (/** @type {number} */ code) => {
      clearTimeout(timer);
      process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
      resolve({ code, text, timedOut });
    };
    const print = (/** @type {Buffer} */ chunk) => {
      text += chunk;
      if (output !== "none") process[output].write(chunk);
    };
    child.stdout.on("data", print);
    child.stderr.on("data", print);
    child.once("error", (error) => {
      text += error.message;
      finish(127);
    });
    child.once("close", (code) => finish(code ?? 1));
  });
}

/** npm itself, as it started us; `npm` on the path when something else did. @type {[command: string, ...args: string[]]} */
const npmCommand = /np[mx]-cli\.js$/.test(process.env.npm_execpath ?? "")
  ? [process.execPath, String(process.env.npm_execpath).replace(/npx-cli\.js$/, "npm-cli.js")]
  : [process.platform === "win32" ? "npm.cmd" : "npm"];

/** @param {string[]} args @param {Parameters<typeof run>[2]} [options] */
export const npm = (args, options) => run(npmCommand[0], [...npmCommand.slice(1), ...args], options);
