import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { buildProgram } from "~/cli/program.server";
import { startFakePosthog } from "../fake-posthog/start";
import { runCli } from "../support/cli";
import { runCliHere } from "../support/command";
import { temporaryFolder } from "../support/temporary-folder";

const folder = temporaryFolder("cli-posthog");
const catalogue = path.join(folder, "plans.yaml");
writeFileSync(catalogue, "latchkey: 1\nfeatures:\n  sso: {flag: {key: sso-flag, rule: gate}}\nplans: {}\ntenants:\n  acme: {}\n");
const owner = ["--email", "ada@example.com"];

/** Every command but `start`, in an order in which each finds what it needs, with its expected exit code. */
const commands: [string, string[], number][] = [
  ["migrate", [], 0],
  ["demo", [], 0],
  ["import", [catalogue, "--yes", "--json"], 0],
  ["plan", [catalogue, "--json"], 0],
  ["apply", [catalogue, "--json"], 0],
  ["export", [], 0],
  ["owner create", [...owner, "--name", "Ada"], 0],
  ["owner reset-factors", owner, 0],
  ["owner reset-password", owner, 0],
  ["admins invite", ["--email", "sue@example.com", "--name", "Sue", "--role", "support"], 0],
  ["figures rebuild", [], 0],
  ["keys create", ["--name", "app", "--scope", "check", "--json"], 0],
  ["keys list", ["--json"], 0],
  ["jobs list", ["--json"], 0],
  ["keys rotate", ["key_x"], 1],
  ["keys revoke", ["key_x"], 1],
  ["tenants list", ["--json"], 0],
  ["names", ["--json"], 0],
  ["tokens rotate-secret", [], 0],
  ["check", ["acme", "sso", "--json"], 3],
  ["restore", ["missing.db"], 1],
];

/** As a process, which would also end late if a connection stayed open. All commands open and close their services alike. */
const asProcess = ["import", "keys create", "check"];

const leavesOf = (command: Command, name = ""): string[] =>
  command.commands.length === 0 ? [name] : command.commands.flatMap((c) => leavesOf(c, `${name} ${c.name()}`.trim()));

test("no command sends PostHog a request or waits for it, and --json is JSON with POSTHOG_DEBUG", async ({ onTestFinished }) => {
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const program = buildProgram(() => Promise.reject(new Error("not opened")));
  expect(["start", ...commands.map(([name]) => name)].sort()).toEqual(leavesOf(program).sort());
  const fake = await startFakePosthog();
  onTestFinished(() => fake.close());
  fake.state.mode.default = "silent";
  const env = {
    DATABASE_URL: `file:${path.join(folder, "data", "latchkey.db")}`,
    POSTHOG_PROJECT_API_KEY: fake.state.projectKey,
    POSTHOG_SECRET_KEY: fake.state.secretKey,
    POSTHOG_HOST: fake.origin,
    POSTHOG_DEBUG: "true",
  };
  for (const [name, args, expected] of commands) {
    const run = asProcess.includes(name) ? runCli : runCliHere;
    const { code, stdout, stderr } = await run([...name.split(" "), ...args], env);
    expect([name, code, stderr], stdout.slice(0, 500)).toEqual([name, expected, expect.any(String)]);
    expect(stdout).not.toContain("[PostHog]");
    if (args.includes("--json")) expect(() => JSON.parse(stdout), name).not.toThrow();
    expect([name, fake.state.requests]).toEqual([name, {}]);
  }
});
