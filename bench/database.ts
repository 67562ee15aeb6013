import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Actor } from "~/core/model";
import { readEnv } from "~/server/env.server";
import { applyImport, readCatalogueFile } from "~/server/import.server";
import type { Services } from "~/server/services.server";
import { createServices, stopServices } from "~/server/start.server";
import { root } from "./process";

export const operator: Actor = { kind: "cli", id: "bench", name: "Bench" };

/** Runs the work with services of this process on a SQLite file, then lets go of it. */
export async function withServices<T>(file: string, work: (services: Services) => Promise<T>): Promise<T> {
  const services = await createServices(readEnv({ DATABASE_URL: `file:${file}`, LOG_LEVEL: "error", NODE_ENV: "production" }));
  try {
    return await work(services);
  } finally {
    await stopServices(services);
  }
}

export async function importGitlab(services: Services): Promise<void> {
  const read = readCatalogueFile("gitlab.yaml", await readFile(path.join(root, "db/catalogues/gitlab.yaml"), "utf8"));
  if (!read.ok) throw new Error("gitlab.yaml cannot be read");
  const done = await applyImport(services, read, operator);
  if (!done.ok) throw new Error("gitlab.yaml cannot be imported");
}

/** A file in a folder of its own that goes away with this process. */
export function temporaryFile(): string {
  const folder = path.join(tmpdir(), `latchkey-bench-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return path.join(folder, "latchkey.db");
}

/** Where a file stays from run to run under this name; every other one is thrown away. */
export function keptFile(name: string): { file: string; isThere: boolean } {
  const folder = path.join(root, "bench/.data");
  mkdirSync(folder, { recursive: true });
  for (const other of readdirSync(folder)) if (!other.startsWith(name)) rmSync(path.join(folder, other), { recursive: true });
  const file = path.join(folder, name);
  return { file, isThere: existsSync(file) };
}
