import { isUtf8 } from "node:buffer";
import { readFile, stat } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { type Command, InvalidArgumentError } from "commander";
import { effectNotes, impactSentence, isWorthShowing } from "~/core/catalogue/effect-words";
import { diffText, isEmptyDiff, summaryOf } from "~/core/import/import-words";
import { type BadFile, maxFileBytes, problemLines, readCatalogueFile, tooLarge } from "~/forms/import/catalogue-file-text";
import { note } from "~/forms/tenants/tenant";
import { invalidPlace } from "~/forms/utf8";
import { applyImport, previewImport } from "~/server/catalogue/import.server";
import { Failure, FileDiffers } from "./failure.server";
import { print, printJson } from "./print.server";
import { type Open, operator } from "./session.server";

type Options = { yes: boolean; json: boolean; dryRun: boolean; why?: string };

export function registerImport(program: Command, open: Open): void {
  program
    .command("import")
    .description("import a catalogue file (YAML or JSON): features, plans, add-ons, tenants and grants")
    .argument("<file>", "what the catalogue is to become; what it does not name is archived")
    .option("-y, --yes", "apply without asking", false)
    .option("--dry-run", "show what it would do and stop", false)
    .option("--json", "answer as JSON, for programs", false)
    .action(async (path: string, options: Options) => {
      await run(path, options, open);
    });
  program
    .command("plan")
    .description("print what a catalogue file would change, and exit with 2 if it would change something")
    .argument("<file>", "a catalogue file (YAML or JSON)")
    .option("--json", "answer as JSON, for programs", false)
    .action(async (path: string, { json }: { json: boolean }) => {
      const isEmpty = await run(path, { yes: false, json, dryRun: true }, open);
      if (!isEmpty) throw new FileDiffers();
    });
  program
    .command("apply")
    .description("make the catalogue as a file says, without asking")
    .argument("<file>", "a catalogue file (YAML or JSON)")
    .option("--why <note>", "why, for the audit log", readWhy)
    .option("--json", "answer as JSON, for programs", false)
    .action(async (path: string, { json, why }: { json: boolean; why?: string }) => {
      await run(path, { yes: true, json, dryRun: false, why }, open);
    });
}

function readWhy(text: string): string {
  const read = note.safeParse(text);
  if (read.success) return read.data;
  throw new InvalidArgumentError(read.error.issues[0]?.message ?? "");
}

/** Returns whether the file changes nothing. */
async function run(path: string, { yes, json, dryRun, why }: Options, open: Open): Promise<boolean> {
  const refused = (bad: BadFile) => {
    if (json) printJson({ ok: false, problems: bad.problems, more: bad.more });
    return new Failure(visible([...problemLines(bad), "Nothing was imported."]).join("\n"));
  };
  const read = readCatalogueFile(path, await readText(path));
  if (!read.ok) throw refused(read);

  const services = await open({ mayCreate: !dryRun });
  const preview = await previewImport(services, read, { withEffects: !json, hasFlags: true });
  if (!preview.ok) throw refused(preview);
  const { diff, revision, effects } = preview;
  const isEmpty = isEmptyDiff(diff);
  if (!json) print(...visible(diffText(diff)), isEmpty ? "All is already as the file says." : `This ${summaryOf(diff)}.`);
  if (effects && isWorthShowing(effects)) print(impactSentence(effects.impact), ...visible(effectNotes(effects)));
  if (dryRun || isEmpty) {
    if (json) printJson({ ok: true, changed: false, diff });
    return isEmpty;
  }
  if (!yes && !process.stdin.isTTY) throw new Failure("Nothing was imported. Add --yes to apply it without being asked.");
  if (!yes && !(await confirmed())) throw new Failure("Nothing was imported.");

  const done = await applyImport(services, read, operator(), { expectedRevision: revision, why });
  if (!done.ok) throw refused(done);
  if (json) printJson({ ok: true, changed: done.changed, diff: done.diff });
  else print("Imported.");
  return false;
}

/** A file may contain terminal control codes. */
const visible = (lines: string[]) => lines.map((line) => line.replace(/\p{Cc}/gu, "\ufffd"));

async function readText(path: string): Promise<string> {
  try {
    if ((await stat(path)).size > maxFileBytes) throw new Failure(`${path}: ${tooLarge}`);
    const bytes = await readFile(path);
    if (!isUtf8(bytes)) throw new Failure(`${path}: is not UTF-8 text at ${invalidPlace(bytes)}. Save it as UTF-8.`);
    return new TextDecoder().decode(bytes);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new Failure(`${path}: there is no such file.`);
    if (code === "EISDIR") throw new Failure(`${path}: this is a folder. Name a catalogue file.`);
    throw new Failure(`${path}: cannot be read (${code ?? message}).`);
  }
}

async function confirmed(): Promise<boolean> {
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await ask.question("Apply this? [y/N] ")).trim());
  } finally {
    ask.close();
  }
}
