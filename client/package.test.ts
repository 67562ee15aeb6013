import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import manifest from "./package.json";

const run = promisify(execFile);
const client = fileURLToPath(new URL(".", import.meta.url));
const bin = fileURLToPath(new URL("../node_modules/.bin", import.meta.url));

let app: string;
let packed: string[];

/** An app with the package installed: packed as published, unpacked where npm would put it. */
beforeAll(async () => {
  app = await mkdtemp(path.join(tmpdir(), "latchkey-app-"));
  const copy = path.join(app, "client");
  await cp(client, copy, { recursive: true, filter: (file) => !file.startsWith(path.join(client, "dist")) });
  const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}`, npm_config_update_notifier: "false" };
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", app], { cwd: copy, env });
  const [tarball] = JSON.parse(stdout.slice(stdout.indexOf("["))) as { filename: string; files: { path: string }[] }[];
  packed = tarball?.files.map((file) => file.path).sort() ?? [];
  const folder = path.join(app, "node_modules/@latchkey/client");
  await mkdir(folder, { recursive: true });
  await run("tar", ["-xzf", path.join(app, tarball?.filename ?? ""), "-C", folder, "--strip-components=1"]);
});
afterAll(() => rm(app, { recursive: true, force: true }));

describe("the package as it is published", () => {
  test("has the client, its types, its words, and nothing else", async () => {
    const sources = (await readdir(client)).filter((file) => /^(?!.*\.test\.).*\.ts$/.test(file)).map((file) => file.slice(0, -3));
    expect(packed).toEqual(
      ["LICENSE", "README.md", ...sources.flatMap((name) => [`dist/${name}.d.ts`, `dist/${name}.js`]), "package.json"].sort(),
    );
  });

  test("depends on nothing", () => {
    expect(Object.keys(manifest).filter((field) => /dependencies/i.test(field))).toEqual([]);
  });

  test.each([
    ["import", "app.mjs", 'import { createLatchkey } from "@latchkey/client";'],
    ["require", "app.cjs", 'const { createLatchkey } = require("@latchkey/client");'],
  ])("works in plain Node by %s", async (_how, file, line) => {
    const code = `${line}
const latchkey = createLatchkey({ url: "http://127.0.0.1:1", key: "k", defaults: { sso: true } });
latchkey.has("acme", "sso").then((yes) => process.stdout.write(String(yes)));`;
    await writeFile(path.join(app, file), code);
    expect((await run(process.execPath, ["--no-warnings", path.join(app, file)])).stdout).toBe("true");
  });

  test("has types that an app without types of Node can use", async () => {
    const code = `import { createLatchkey, type Decision } from "@latchkey/client";
const latchkey = createLatchkey({ url: "https://latchkey.example.com", key: "k", onError: ({ status }) => status?.toFixed() });
export const decision: Promise<Decision> = latchkey.decide("acme", "sso");
export const guard = latchkey.requireFeature("sso", { tenant: (request: { tenant: string }) => request.tenant });
// @ts-expect-error A tenant is a text.
latchkey.has(1, "sso");`;
    await writeFile(path.join(app, "app.mts"), code);
    const compilerOptions = { noEmit: true, strict: true, module: "NodeNext", target: "ES2022", lib: ["ES2022", "DOM"], types: [] };
    await writeFile(path.join(app, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["app.mts"] }));
    const { stdout } = await run(path.join(bin, "tsc"), ["-p", app]).catch((failed) => failed);
    expect(stdout).toBe("");
  });
});
