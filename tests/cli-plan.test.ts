import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { runCli } from "./support/cli";
import { runCliHere } from "./support/command";
import { temporaryFolder } from "./support/temporary-folder";

const folder = temporaryFolder("plan");
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const env = { DATABASE_URL: `file:${path.join(folder, "latchkey.db")}` };
const latchkey = (...args: string[]) => runCliHere(args, env);

test("plan exits with 2 if a file would change something, 0 if nothing, 1 if it is wrong; apply does it", { timeout: 60_000 }, async () => {
  const file = path.join(folder, "catalogue.yaml");
  writeFileSync(file, "latchkey: 1\nfeatures: { sso: {} }\nplans: { free: {} }\n");
  expect((await latchkey("migrate")).code).toBe(0);
  expect(await latchkey("plan", file)).toMatchObject({ code: 2, stderr: "", stdout: expect.stringContaining("sso") });
  expect(await runCli(["plan", file], env)).toMatchObject({ code: 2 });
  expect(await latchkey("apply", file, "--why", "Spring")).toMatchObject({ code: 0 });
  expect(await latchkey("plan", file)).toMatchObject({ code: 0, stderr: "" });
  expect(await latchkey("plan", path.join(folder, "none.yaml"))).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("no such file"),
  });
});
