// `npm run db:generate -- --name add_invites`: one migration per engine under the same name.
import { spawnSync } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { exitWith, refusal, root } from "./run.mjs";

const engines = ["sqlite", "postgres"];

/** @param {string[]} args */
function nameFrom(args) {
  const { values } = parseArgs({ args, options: { name: { type: "string" } }, strict: false });
  if (typeof values.name === "string" && /^[a-z][a-z0-9_]{2,60}$/.test(values.name)) return values.name;
  throw refusal(
    "A migration needs a name that says what it does, in small letters, digits and underscores: npm run db:generate -- --name add_invites",
  );
}

try {
  const name = nameFrom(process.argv.slice(2));
  for (const engine of engines) {
    console.log(`\n${engine}:`);
    const drizzleKit = path.join(root, "node_modules/drizzle-kit/bin.cjs");
    const args = [drizzleKit, "generate", "--config", `db/drizzle.${engine}.config.ts`, "--name", name];
    // drizzle-kit asks about renamed columns, so it gets the terminal.
    const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
    if (status !== 0)
      throw refusal(`drizzle-kit could not write the migration for ${engine}. Take back what it wrote under drizzle/ and start again.`);
  }
} catch (error) {
  exitWith(error);
}
