import type { Command } from "commander";
import { readEnv } from "~/server/env.server";
import { restoreDatabase } from "~/server/process/restore.server";
import { print, remark } from "./print.server";

export function registerRestore(program: Command): void {
  program
    .command("restore")
    .description("put a copy of the SQLite database in place of the one that DATABASE_URL names; every Latchkey on it has to be stopped")
    .argument("<file>", "the copy; it is checked, and stays as it is")
    .option("--overwrite", "replace the database that is there; what it holds is lost", false)
    .action(async (copy: string, { overwrite }: { overwrite: boolean }) => {
      const { file, leftOut } = await restoreDatabase(readEnv().databaseUrl, copy, overwrite);
      if (leftOut !== null) remark(`${leftOut} does not belong to the copy and was left out.`);
      print(`${file} holds the copy. Start Latchkey to use it.`);
    });
}
