import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const child = fileURLToPath(new URL("./group-sync-child.ts", import.meta.url));

/** Starts group sync as a process from the sources; resolves when it runs. */
export async function startSyncProcess(databaseUrl: string, posthog: string) {
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    NODE_ENV: "production",
    DATABASE_URL: databaseUrl,
    LOG_LEVEL: "warn",
    POSTHOG_PROJECT_API_KEY: "phc_fake",
    POSTHOG_HOST: posthog,
  };
  const started: ChildProcess = spawn(process.execPath, ["--import", "tsx", child], { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [started.stdout, started.stderr])
    stream?.on("data", (chunk) => {
      output += chunk;
    });
  const exited = once(started, "exit");
  const ready = new Promise<void>((resolve, reject) => {
    started.stdout?.on("data", () => output.includes("ready\n") && resolve());
    void exited.then(() => reject(new Error(`The process ended before it was ready:\n${output}`)));
  });
  await ready;
  return {
    output: () => output,
    async kill(signal: NodeJS.Signals = "SIGKILL") {
      started.kill(signal);
      await exited;
    },
  };
}
