import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../../build/server/cli.js", import.meta.url));

export type CliEnd = { code: number; stdout: string; stderr: string };

/** Runs the built command line as a process, as `npx latchkey …` does. */
export async function runCli(args: string[], env: Record<string, string | undefined>, input = ""): Promise<CliEnd> {
  const child = spawn(process.execPath, [cli, ...args], { env: { ...env, PATH: process.env.PATH, NODE_ENV: "production" } });
  child.stdin.on("error", () => {}); // It may exit without reading.
  child.stdin.end(input);
  const [stdout, stderr, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  if (code === null) throw new Error(`The command line died of ${signal}: ${stderr}`);
  return { code, stdout, stderr };
}
