import type { Command } from "commander";
import { print } from "./print.server";
import type { Open } from "./session.server";

export function registerMigrate(program: Command, open: Open): void {
  program
    .command("migrate")
    .description("bring the database to this program's version; every start does the same")
    .action(async () => {
      const { db } = await open({ mayCreate: true });
      await db.ping();
      print("The database is at this program's version.");
    });
}
