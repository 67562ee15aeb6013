import { readFile, stat } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { diffText, isEmptyDiff, summaryOf } from "~/core/import-words";
import type { Actor } from "~/core/model";
import { largestFile, problemLines, readCatalogueFile } from "~/forms/catalogue-file";
import { applyImport, previewImport } from "~/server/import.server";
import type { Services } from "~/server/services.server";

const actor: Actor = { kind: "cli", id: "cli", name: "Command line" };

type Options = { yes: boolean; json: boolean; dryRun: boolean };

export function register(program: Command, open: () => Promise<Services>): void {
  program
    .command("import")
    .description("import a catalogue file (YAML or JSON): features, plans, add-ons, tenants and grants")
    .argument("<file>", "what the catalogue is to become; what it does not name is archived")
    .option("-y, --yes", "apply without asking", false)
    .option("--dry-run", "show what it would do and stop", false)
    .option("--json", "answer as JSON, for programs", false)
    .action((path: string, options: Options) => run(path, options, open));
}

async function run(path: string, { yes, json, dryRun }: Options, open: () => Promise<Services>): Promise<void> {
  const print = (...lines: string[]) => void process.stdout.write(`${lines.join("\n")}\n`);
  const fail = (lines: string[], code = 1) => {
    if (json) print(JSON.stringify({ ok: false, problems: lines }));
    else process.stderr.write(`${lines.join("\n")}\n`);
    process.exitCode = code;
  };

  const text = await readText(path);
  if (!text.ok) return fail([text.message]);
  const read = readCatalogueFile(path, text.text);
  if (!read.ok) return fail([...problemLines(read), "Nothing was imported."]);

  const services = await open();
  const preview = await previewImport(services, read);
  if (!preview.ok) return fail([...problemLines(preview), "Nothing was imported."]);
  const { diff, revision } = preview;
  if (!json) print(...diffText(diff), isEmptyDiff(diff) ? "The catalogue is already as the file says." : `This ${summaryOf(diff)}.`);
  if (dryRun || isEmptyDiff(diff)) {
    if (json) print(JSON.stringify({ ok: true, changed: false, diff }));
    return;
  }
  if (!yes && !(await confirmed()))
    return fail([process.stdin.isTTY ? "Nothing was imported." : "Nothing was imported. Add --yes to apply it without being asked."]);

  const done = await applyImport(services, read, actor, { expectedRevision: revision });
  if (!done.ok) return fail([...problemLines(done), "Nothing was imported."]);
  if (json) print(JSON.stringify({ ok: true, changed: done.changed, diff: done.diff }));
  else print("Imported.");
}

async function readText(path: string): Promise<{ ok: true; text: string } | { ok: false; message: string }> {
  try {
    if ((await stat(path)).size > largestFile) return { ok: false, message: `${path}:1: is larger than 5 MB: split the tenants off` };
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await readFile(path));
    return { ok: true, text };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return { ok: false, message: `${path}: there is no such file.` };
    if (code === "EISDIR") return { ok: false, message: `${path}: this is a folder. Name a catalogue file.` };
    if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return { ok: false, message: `${path}:1: is not UTF-8 text. Save it as UTF-8.` };
    return { ok: false, message: `${path}: cannot be read (${code ?? message}).` };
  }
}

/** Without a terminal nobody can answer. */
async function confirmed(): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await ask.question("Apply this? [y/N] ")).trim());
  } finally {
    ask.close();
  }
}
