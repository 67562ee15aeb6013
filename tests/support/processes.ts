import { readdirSync, readFileSync } from "node:fs";

/** Processes with this in their command and in their environment. */
export function pidsOf(command: RegExp, environment: string): number[] {
  const has = (pid: string) => {
    try {
      const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, "utf8");
      return command.test(read("cmdline")) && read("environ").includes(environment);
    } catch {
      return false; // gone, or of another user
    }
  };
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && has(name))
    .map(Number);
}
