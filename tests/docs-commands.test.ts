import { execFile } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { readEnv } from "~/server/env.server";
import { startFakePosthog } from "./fake-posthog/start";
import { docBlock } from "./support/doc-blocks";
import { until } from "./support/poll";
import { type Program, startProgram } from "./support/program";
import { temporaryFolder } from "./support/temporary-folder";

// The commands that the docs print, as an operator types them, beside a server on a database of its own.

const run = promisify(execFile);
const cli = fileURLToPath(new URL("../build/server/cli.js", import.meta.url));
const { scripts } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const catalogue = `
latchkey: 1
features: { sso: Single sign-on, search: Search }
plans:
  starter: { name: Starter, features: [search] }
`;

let folder: string;
let program: Program;
beforeAll(async () => {
  folder = temporaryFolder("docs");
  program = await startProgram();
});
afterAll(async () => {
  await program.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The folder's own build stands in for `npx latchkey`, which would build first. */
const command = `"${process.execPath}" "${cli}"`;
const node = (code: string) => code.replaceAll("npx latchkey", command).replace(/^npm run demo/m, `${command} demo`);

async function shell(code: string, more: Record<string, string> = {}): Promise<string> {
  const env = { ...program.env, ...more };
  return (await run("sh", ["-e", "-c", code], { cwd: folder, env, maxBuffer: 50_000_000 })).stdout.trim();
}
const keyOf = async (...scopes: string[]) =>
  shell(node(`npx latchkey keys create --name test ${scopes.map((scope) => `--scope ${scope}`).join(" ")}`));

const readme = (heading: string, language = "sh") => docBlock(heading, language, "README.md");

test("README: the two commands are scripts of the package, and starting serves where it says", async () => {
  const commands = [...readme("Two commands").matchAll(/^npm (?:run )?([\w:]+)/gm)].map(([, name = ""]) => name);
  expect(commands.slice(0, 2).map((name) => scripts[name])).toEqual(["exec node build/server/main.js", "node scripts/test.mjs"]);
  for (const name of commands) expect(["ci", "install", ...Object.keys(scripts)]).toContain(name);
  const { PORT: _, HOST: __, ...plain } = program.env;
  expect(readme("Two commands")).toContain("serves http://127.0.0.1:3000");
  const { host, port } = readEnv(plain);
  expect(`http://${host}:${port}`).toBe("http://127.0.0.1:3000");
});

test("README: the demo has as many tenants and features as it says", async () => {
  const block = readme("look around");
  expect(scripts.demo).toBe("node scripts/latchkey.mjs demo");
  const [demo = "", start] = block.trim().split("\n");
  expect(start).toBe("npm start");
  const [, tenants, features] = /# (\d+) tenants on a real catalogue of (\d+) features/.exec(demo) ?? [];
  const fresh = { DATABASE_URL: `file:${path.join(folder, "demo.db")}` };
  await shell(node(demo), fresh);
  const file = parse(await shell(node("npx latchkey export --tenants"), fresh));
  expect([Object.keys(file.tenants).length, Object.keys(file.features).length]).toEqual([Number(tenants), Number(features)]);
});

describe("README and the catalogue file's page: a catalogue", () => {
  test.each([
    ["README.md", "bring your own catalogue", "plans.yaml"],
    ["docs/catalogue-file.md", "The catalogue file", "catalogue.yaml"],
  ])("is imported and exported to the same state, as in %s", async (page, heading, file) => {
    const lines = docBlock(heading, "sh", page).trim().split("\n");
    const line = (command: string) => lines.find((one) => one.startsWith(`npx latchkey ${command} `)) ?? "";
    const env = { DATABASE_URL: `file:${path.join(folder, `${file}.db`)}` };
    writeFileSync(path.join(folder, file), catalogue);
    // Nobody is there to say yes.
    const agreed = node(line("import")).replace(file, `${file} --yes`);
    expect(await shell(agreed, env)).toContain("sso");
    for (const command of ["plan", "apply"]) if (line(command)) expect(await shell(node(line(command)), env)).toContain("already");
    await shell(node(line("export")), env);
    expect(await shell(agreed, env)).toContain("All is already as the file says.");
  });
});

test("README: a program provisions a tenant, an app asks about it and gets the answer that is printed", async () => {
  writeFileSync(path.join(folder, "plans.yaml"), catalogue);
  await shell(node("npx latchkey import plans.yaml --yes"));
  const manage = await keyOf("manage");
  const headers = `-s -H "Authorization: Bearer ${manage}" -H "Content-Type: application/json"`;
  const provision = readme("provision tenants from a program")
    .trim()
    .replaceAll("…/api", `${program.url}/api`)
    .replaceAll("curl ", `curl ${headers} `);
  const [put = "", grant = "", end = ""] = provision.split("\n");
  expect(JSON.parse(await shell(put))).toMatchObject({ key: "acme", name: "Acme", plan: "starter" });
  const granted = JSON.parse(await shell(grant));
  const id = /"(gr_\w+)"/.exec(JSON.stringify(granted))?.[1] ?? "";

  const [create = "", curl = ""] = readme("ask from an app").trim().split("\n");
  const env = { LATCHKEY_KEY: await shell(node(create)) };
  const ask = async () => JSON.parse(await shell(curl.replace("http://127.0.0.1:3000", program.url).replace("curl ", "curl -s "), env));
  const printed = JSON.parse(readme("ask from an app", "jsonc").replaceAll(/, …/g, ""));
  const answer = await until(
    async () => {
      const now = await ask();
      return now.entitlements?.sso?.entitled ? now : undefined;
    },
    10_000,
    () => "the trial did not count",
  );
  expect(answer).toMatchObject({ tenant: printed.tenant, plan: printed.plan, isStale: printed.isStale });
  const { sso } = answer.entitlements;
  const example = printed.entitlements.sso;
  expect(sso).toMatchObject({
    entitled: example.entitled,
    type: example.type,
    source: example.source,
    reason: { code: example.reason.code },
  });
  expect(Object.keys(sso)).toEqual(expect.arrayContaining(Object.keys(example)));
  expect(Object.keys(answer)).toEqual(expect.arrayContaining(Object.keys(printed)));

  await shell(end.replace("gr_…", id));
  await until(
    async () => ((await ask()).entitlements.sso.entitled === false ? true : undefined),
    10_000,
    () => "the trial did not end",
  );
});

test("docs/metrics.md: what Prometheus is told to scrape is there", async () => {
  const [job] = parse(docBlock("Metrics", "yaml", "docs/metrics.md")).scrape_configs;
  const scraped = await startProgram({ METRICS_TOKEN: job.authorization.credentials });
  try {
    const where = job.metrics_path ?? "/metrics";
    const [target] = job.static_configs[0].targets;
    expect(target).toMatch(/:3000$/);
    const answer = await fetch(scraped.url + where, { headers: { authorization: `Bearer ${job.authorization.credentials}` } });
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining("latchkey_")]);
  } finally {
    await scraped.stop();
  }
});

test("docs/csv-files.md: a file is previewed by a program", async () => {
  writeFileSync(path.join(folder, "tenants.csv"), "key,name\nfrom-csv,From CSV\n");
  const curl = docBlock("By the API", "sh", "docs/csv-files.md").replace("http://127.0.0.1:3000", program.url).replace("curl ", "curl -s ");
  const job = JSON.parse(await shell(curl, { LATCHKEY_KEY: await keyOf("manage") }));
  expect(job).toMatchObject({ kind: "tenant_csv", dryRun: true, summary: "Import tenants from API" });
});

test("docs/posthog.md: the start that it prints speaks to PostHog", async () => {
  const fake = await startFakePosthog({ projectKey: "phc_from_the_docs" });
  const words = docBlock("PostHog", "sh", "docs/posthog.md").trim().split(" ");
  expect(words.slice(-2)).toEqual(["npm", "start"]);
  const given = Object.fromEntries(words.slice(0, -2).map((word) => word.split("=") as [string, string]));
  expect(Object.keys(given)).toEqual(["POSTHOG_PROJECT_API_KEY", "POSTHOG_HOST"]);
  expect(readEnv({ ...given, POSTHOG_PROJECT_API_KEY: given.POSTHOG_PROJECT_API_KEY?.replace("…", "x") }).posthog?.host).toBe(
    given.POSTHOG_HOST,
  );
  const env = { POSTHOG_PROJECT_API_KEY: given.POSTHOG_PROJECT_API_KEY?.replace("…", "from_the_docs") ?? "", POSTHOG_HOST: fake.origin };
  const started = await startProgram({ ...env, POSTHOG_VALIDATE_ON_STARTUP: "true", POSTHOG_ERROR_MODE: "raise" });
  try {
    expect(fake.state.events.map(({ event }) => event)).toContain("latchkey started");
  } finally {
    await started.stop();
    await fake.close();
  }
});
