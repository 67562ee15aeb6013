import { execFile, spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKey } from "~/server/keys/api-keys.server";
import { type Api, ada } from "../support/api";
import { docBlock } from "../support/doc-blocks";
import { startOfrepWorld } from "../support/ofrep-world";

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

let api: Api;
let pub: string;
beforeAll(async () => {
  api = await startOfrepWorld();
  const form = { name: "web", kind: "pub" as const, scopes: ["check" as const], tenant: "acme", origins: ["https://a.b"], expiresAt: null };
  pub = (await createKey(api.services, ada, form)).key;
});
afterAll(() => api.stop());

const here = (code: string) =>
  code
    .replaceAll("https://latchkey.example.com", api.origin)
    .replaceAll("lk_pub_…", pub)
    .replaceAll("@latchkey/client", "./client/index.ts");
const env = (): NodeJS.ProcessEnv => ({ PATH: process.env.PATH, NODE_ENV: "test", LATCHKEY_KEY: api.keys.check });

async function said(code: string): Promise<string> {
  const tsx = path.join(root, "node_modules/tsx/dist/cli.mjs");
  const args = [tsx, "--input-type=module", "-e", `${here(code)}\nprocess.exit(0);`];
  return (await run(process.execPath, args, { cwd: root, env: env() })).stdout.trim();
}

test.each([
  ["TypeScript", "Acme has single sign-on."],
  ["OpenFeature on the server", "true 100 100"],
  ["OpenFeature in the browser", "true"],
])("the page for developers of apps says what works: %s", async (heading, expected) => {
  expect(await said(docBlock(heading, "ts"))).toBe(expected);
});

test.each([
  ["curl", '"sso":{"entitled":true'],
  ["Many questions, another time, and why", '{"tenant":"bare","feature":"calls","entitled":false'],
  ["OpenFeature in the browser", '"token":"lk_tok_'],
])("the page for developers of apps says what works in a shell: %s", async (heading, expected) => {
  const { stdout } = await run("sh", ["-c", here(docBlock(heading, "sh"))], { env: env() });
  expect(stdout).toContain(expected);
});

test("the page for developers of apps says how consumption is reported and taken", async () => {
  const key = await api.keyFor("usage");
  const { stdout } = await run("sh", ["-c", here(docBlock("Usage", "sh"))], { env: { ...env(), LATCHKEY_KEY: key } });
  expect(JSON.parse(stdout)).toMatchObject({ recorded: 2, duplicates: 0, refused: 0 });
  const consume = async () => (await api.send("POST", "/api/usage/consume", docBlock("Usage", "json"), key)).json();
  const first = await consume();
  expect(first).toMatchObject({ consumed: true, entitlement: { used: 4, remaining: 96 } });
  expect(await consume()).toEqual(first);
});

test("the page for developers of apps says how changes are followed", async () => {
  const stream = spawn("sh", ["-c", `exec ${here(docBlock("The change stream", "sh"))}`], { env: env() });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    stream.on("error", reject);
    stream.stdout.on("data", (chunk) => {
      said += chunk;
      if (said.includes("event: ready")) resolve();
    });
    stream.on("exit", () => reject(new Error(`The stream ended: ${said}`)));
  }).finally(() => stream.kill());
  expect(said).toContain("event: ready");
});
