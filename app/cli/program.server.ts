import { Command } from "commander";
import { registerAdmins as admins } from "./admins.server";
import { registerCheck as check } from "./check.server";
import { registerDemo as demo } from "./demo.server";
import { registerExport as exportFile } from "./export.server";
import { registerFigures as figures } from "./figures.server";
import { registerImport as importFile } from "./import.server";
import { registerJobs as jobs } from "./jobs.server";
import { registerKeys as keys } from "./keys.server";
import { registerMigrate as migrate } from "./migrate.server";
import { registerNames as names } from "./names.server";
import { registerOwner as owner } from "./owner.server";
import { registerRestore as restore } from "./restore.server";
import type { Open } from "./session.server";
import { registerStart as start } from "./start.server";
import { registerTenants as tenants } from "./tenants.server";
import { registerTokens as tokens } from "./tokens.server";

const exitCodes = `
Exit codes: 0 done, 1 it could not be done (a sentence on stderr says why), 2 the command was not understood;
\`check\` answers with 0 for yes and 3 for no, \`plan\` with 2 if the file would change something. Settings such as DATABASE_URL are read from the environment, as by npm start.`;

export function buildProgram(open: Open): Command {
  const program = new Command("latchkey")
    .description("May this tenant use this feature, how much, why, and until when?")
    .exitOverride()
    .showHelpAfterError()
    .addHelpText("after", exitCodes);
  for (const register of [
    start,
    demo,
    importFile,
    exportFile,
    owner,
    admins,
    keys,
    tokens,
    tenants,
    names,
    jobs,
    check,
    figures,
    migrate,
    restore,
  ])
    register(program, open);
  return program;
}
