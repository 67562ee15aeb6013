import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, ownerEnv, signIn, test } from "./server";

test.use({ serverEnv: ownerEnv });
const example = fileURLToPath(new URL("../../db/catalogues/team-inbox.yaml", import.meta.url));

test("a reader in Los Angeles sees and enters times of Los Angeles, and one in UTC sees the same instant", async ({
  newPerson,
  server,
}) => {
  spawnSync(process.execPath, ["build/server/cli.js", "import", example, "--yes"], { env: server.env });
  const page = await signIn(await (await newPerson({ timezoneId: "America/Los_Angeles" })).newPage());
  await page.goto("/tenants/new");
  await page.getByLabel("Key").fill("acme");
  await page.getByLabel("Name").fill("Acme");
  await page.getByRole("button", { name: "Create tenant" }).click();
  await expect(page.getByRole("heading", { name: "Acme" })).toBeVisible();
  await page.goto("/tenants/acme/trial");
  await page.getByRole("checkbox").first().check();
  await page.getByText("Own dates").click();
  await expect(page.getByText("Date and time in Los Angeles time.")).toBeVisible();
  const year = new Date().getUTCFullYear() + 1;
  await page.getByLabel("Ends").fill(`${year}-12-13T18:12`);
  await page.getByRole("button", { name: "Grant trial" }).click();
  await page.waitForURL((url) => url.pathname === "/tenants/acme/grants");
  await expect(page.getByText(`13 Dec ${year}, 18:12 PST`).first()).toBeVisible();
  await page.goto("/tenants/acme");
  await expect(page.getByText(`13 Dec ${year}, 18:12 PST`)).toHaveAttribute("title", /14 December \d{4}, 02:12:00 UTC$/);

  const other = await signIn(await (await newPerson({ timezoneId: "UTC" })).newPage());
  await other.goto("/tenants/acme");
  await expect(other.getByText(`14 Dec ${year}, 02:12 UTC`)).toBeVisible();
});
