import type { Command } from "commander";
import { findLookAlikes, type LookAlike } from "~/server/catalogue/look-alikes.server";
import { print, printJson, printTable } from "./print.server";
import type { Open } from "./session.server";

export function registerNames(program: Command, open: Open): void {
  program
    .command("names")
    .description("list keys and names that go on working but would be refused if they were new: they look like others")
    .option("--json", "answer as JSON, for programs")
    .action(({ json }: { json?: boolean }) => list(open, json));
}

async function list(open: Open, json?: boolean): Promise<void> {
  const all: LookAlike[] = [];
  for await (const found of findLookAlikes(await open())) all.push(found);
  if (json) return printJson(all);
  if (all.length === 0) return print("No key and no name looks like another.");
  printTable(
    ["KIND", "KEY", "NAME", "WHY"],
    all.map(({ kind, key, name, why }) => [kind, visible(key), visible(name), why]),
  );
}

/** As in JSON, with invisible characters escaped. */
const visible = (text: string) =>
  JSON.stringify(text).replace(/[^\x21-\x7e\p{L}\p{N} ]|\p{M}/gu, (c) => `\\u{${(c.codePointAt(0) as number).toString(16)}}`);
