import path from "node:path";
import type { Services } from "~/server/services.server";
import { findWideFiles } from "~db/file-modes.server";

const quote = (name: string) => `'${name.replaceAll("'", "'\\''")}'`;

/** Warns once at start if other users of the machine can read the database. Modes are left to the operator. */
export function warnOfWideFiles({ env, log }: Pick<Services, "env" | "log">): void {
  if (!env.databaseUrl.startsWith("file:")) return;
  const { folder, files } = findWideFiles(path.resolve(env.databaseUrl.slice("file:".length)));
  if (folder === null && files.length === 0) return;
  const commands = [
    ...(folder === null ? [] : [`chmod 700 ${quote(folder)}`]),
    ...(files.length === 0 ? [] : [`chmod 600 ${files.map(quote).join(" ")}`]),
  ];
  log.warn({ folder, files }, `Other users of this machine can open the database. Close it to them with: ${commands.join(" && ")}`);
}
