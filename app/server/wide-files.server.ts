import path from "node:path";
import { findWideFiles } from "~db/file-modes.server";
import type { Services } from "./services.server";

const quote = (name: string) => `'${name.replaceAll("'", "'\\''")}'`;

/** Says once at start that other users of the machine may read the database. Its modes are the operator's: nothing is changed. */
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
