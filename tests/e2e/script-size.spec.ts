import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, test } from "@playwright/test";

/** Script of a page that its document names, compressed with gzip. */
const maxBytes = 150 * 1024;

type Route = { id: string; parentId?: string; module: string; imports?: string[] };
type Manifest = { entry: { module: string; imports: string[] }; routes: { [id: string]: Route } };

const client = fileURLToPath(new URL("../../build/client", import.meta.url));

function readManifest(): Manifest {
  const file = readdirSync(`${client}/assets`).find((name) => name.startsWith("manifest-"));
  const text = readFileSync(`${client}/assets/${file}`, "utf8");
  return JSON.parse(text.replace(/^window\.__remixManifest=/, "").replace(/;$/, ""));
}

test("no page loads more than 150 kB of compressed script before something is used", () => {
  const { entry, routes } = readManifest();
  const sizes = new Map<string, number>();
  const sizeOf = (file: string) => {
    const size = sizes.get(file) ?? gzipSync(readFileSync(client + file)).length;
    sizes.set(file, size);
    return size;
  };
  const scriptOf = (route: Route): number => {
    const files = new Set([entry.module, ...entry.imports]);
    for (let at: Route | undefined = route; at; at = at.parentId === undefined ? undefined : routes[at.parentId]) {
      for (const file of [at.module, ...(at.imports ?? [])]) files.add(file);
    }
    return [...files].reduce((sum, file) => sum + sizeOf(file), 0);
  };
  const all = Object.values(routes).map((route): [string, number] => [route.id, scriptOf(route)]);
  expect(all.length).toBeGreaterThan(50);
  expect(all.filter(([, bytes]) => bytes > maxBytes)).toEqual([]);
});
