import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Actor } from "~/core/model";
import type { ApiScope } from "~/core/permissions";
import { applyImport, readCatalogueFile } from "~/server/catalogue/import.server";
import { readEnv } from "~/server/env.server";
import { createKey } from "~/server/keys/api-keys.server";

import { createServices, stopServices } from "~/server/process/start.server";
import type { Services } from "~/server/services.server";
import { root } from "./process";

export const operator: Actor = { kind: "cli", id: "bench", name: "Bench" };

/** Runs the work with services of this process on a SQLite file, then closes it. */
export async function withServices<T>(file: string, work: (services: Services) => Promise<T>): Promise<T> {
  const services = await createServices(readEnv({ DATABASE_URL: `file:${file}`, LOG_LEVEL: "error", NODE_ENV: "production" }));
  try {
    return await work(services);
  } finally {
    await stopServices(services);
  }
}

const tied = 20;

/** A real product's catalogue: 247 features, 20 of them linked to flags. */
export async function importGitlab(services: Services): Promise<void> {
  const text = await readFile(path.join(root, "db/catalogues/gitlab.yaml"), "utf8");
  let ties = 0;
  const withFlags = text.replace(/^ {2}(\w+): \{ name: /gm, (line, key) => {
    if (ties === tied) return line;
    ties += 1;
    return `  ${key}: { flag: { key: ${key}, rule: grant }, name: `;
  });
  const read = readCatalogueFile("gitlab.yaml", withFlags);
  if (!read.ok || ties !== tied) throw new Error("gitlab.yaml cannot be read");
  const done = await applyImport(services, read, operator);
  if (!done.ok) throw new Error("gitlab.yaml cannot be imported");
}

const temporary = path.join(tmpdir(), `latchkey-bench-${process.pid}`);
process.once("exit", () => rmSync(temporary, { recursive: true, force: true }));

/** A file deleted when the process exits. */
export function temporaryFile(name = "latchkey"): string {
  mkdirSync(temporary, { recursive: true });
  return path.join(temporary, `${name}.db`);
}

/** A writable copy. The original must be closed, so that one file has everything. */
export function copyOf(file: string, name: string): string {
  const copy = temporaryFile(name);
  for (const end of ["", "-wal", "-shm"]) rmSync(copy + end, { force: true });
  copyFileSync(file, copy);
  return copy;
}

export const benchKey = async (services: Services, scopes: ApiScope[] = ["check"]) =>
  (await createKey(services, operator, { name: "bench", scopes, expiresAt: null })).key;

/** A file that is kept between runs under this name; other versions of it are deleted. */
export function keptFile(name: string): { file: string; isThere: boolean } {
  const folder = path.join(root, "bench/.data");
  mkdirSync(folder, { recursive: true });
  const family = name.replace(/-v\d+\.db$/, "-v");
  for (const other of readdirSync(folder))
    if (other.startsWith(family) && !other.startsWith(name)) rmSync(path.join(folder, other), { recursive: true });
  const file = path.join(folder, name);
  return { file, isThere: existsSync(file) };
}
