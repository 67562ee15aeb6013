import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { endWithTests } from "./end-with-tests";
import { freePort } from "./free-port";
import { until } from "./poll";
import { temporaryFolder } from "./temporary-folder";

const root = fileURLToPath(new URL("../..", import.meta.url));
const built = path.join(root, "build/server");

export type Program = Awaited<ReturnType<typeof startProgram>>;

type Stdio = { stdout?: "pipe" | number; stderr?: "pipe" | number };

/**
 * The built program as an operator runs it, on a free port with an empty SQLite database in a folder of its own. What it prints
 * goes to `output()`, unless a descriptor takes it.
 */
export async function startProgram(
  extraEnv: Record<string, string> = {},
  [file = "main.js", ...args]: string[] = [],
  { stdout = "pipe", stderr = "pipe" }: Stdio = {},
) {
  const folder = temporaryFolder("program");
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    NODE_ENV: "production",
    HOST: "127.0.0.1",
    PORT: String(port),
    DATABASE_URL: `file:${path.join(folder, "latchkey.db")}`,
    ...extraEnv,
  };
  const child = spawn(process.execPath, [path.join(built, file), ...args], { cwd: root, env, stdio: ["ignore", stdout, stderr] });
  endWithTests(child);
  const exited = once(child, "exit").then(([code, signal]) => (code ?? signal) as number | string);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk) => {
      output += chunk;
    });
  }

  const isReady = async () => {
    if (child.exitCode !== null) throw new Error(`The server ended with code ${child.exitCode} before it was ready:\n${output}`);
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    return answer?.status === 200 || undefined;
  };
  const end = async (signal: NodeJS.Signals) => {
    const hung = setTimeout(() => child.kill("SIGKILL"), 60_000);
    child.kill(signal);
    const code = await exited;
    clearTimeout(hung);
    await rm(folder, { recursive: true, force: true, maxRetries: 10 }); // Its worker process may take a moment longer.
    return code;
  };
  try {
    await until(isReady, 60_000, () => `The server was not ready after 60 seconds:\n${output}`);
  } catch (error) {
    await end("SIGKILL");
    throw error;
  }
  return {
    url,
    env,
    output: () => output,
    /** From now on nobody reads its stdout: the reader has gone, or is there and does not read. */
    stopReading: (how: "leave" | "pause") => void (how === "leave" ? child.stdout?.destroy() : child.stdout?.pause()),
    /** Its exit code, or the signal that ended it. */
    stop: () => end("SIGTERM"),
    /** Immediately, as a machine failure would. */
    kill: () => end("SIGKILL"),
  };
}
