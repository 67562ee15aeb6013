import { writeFile } from "node:fs/promises";
import { type Command, Option } from "commander";
import { type FileFormat, fileFormats } from "~/forms/import/catalogue-text";
import { exportFor } from "~/server/catalogue/export.server";
import { Failure } from "./failure.server";
import { remark } from "./print.server";
import { type Open, operator } from "./session.server";

export function registerExport(program: Command, open: Open): void {
  program
    .command("export")
    .description("write the catalogue as a file that imports to the same state")
    .option("-o, --output <file>", "where to write it (else to the terminal)")
    .option("--tenants", "with the tenants and their grants", false)
    .addOption(new Option("--format <format>", "yaml, or json (the default for a file that ends in .json)").choices(fileFormats))
    .action(async ({ output, tenants, format }: { output?: string; tenants: boolean; format?: FileFormat }) => {
      const services = await open();
      const options = { tenants, format: format ?? (output?.endsWith(".json") ? "json" : "yaml") } as const;
      const { parts } = await exportFor(services, operator(), options);
      if (output === undefined) {
        for (const part of parts) process.stdout.write(part);
        return;
      }
      // Readable by this user only: the file may contain tenants and their metadata.
      await writeFile(output, parts, { mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
        throw new Failure(`${output}: cannot be written (${error.code ?? error.message}).`);
      });
      remark(`Written to ${output}.`);
    });
}
