import { Command } from "commander";
import { register as check } from "./check.server";
import { register as demo } from "./demo.server";
import { register as exportFile } from "./export.server";
import { register as importFile } from "./import.server";
import { register as keys } from "./keys.server";
import { register as migrate } from "./migrate.server";
import { register as names } from "./names.server";
import { register as owner } from "./owner.server";
import { register as restore } from "./restore.server";
import type { Open } from "./session.server";
import { register as start } from "./start.server";
import { register as tenants } from "./tenants.server";
import { register as tokens } from "./tokens.server";

const exitCodes = `
Exit codes: 0 done, 1 it could not be done (a sentence on stderr says why), 2 the command was not understood;
\`check\` answers with 0 for yes and 3 for no. Settings such as DATABASE_URL are read from the environment, as by npm start.`;

export function buildProgram(open: Open): Command {
  const program = new Command("latchkey")
    .description("May this tenant use this feature, how much, why, and until when?")
    .exitOverride()
    .showHelpAfterError()
    .addHelpText("after", exitCodes);
  for (const register of [start, demo, importFile, exportFile, owner, keys, tokens, tenants, names, check, migrate, restore])
    register(program, open);
  return program;
}
