import { readdirSync } from "node:fs";
import { defineConfig, devices } from "@playwright/test";
import { chromiumFlags, installedChromiums } from "./scripts/chromium.mjs";

const specs = readdirSync(new URL("./tests/e2e", import.meta.url)).filter((file) => file.endsWith(".spec.ts"));

export default defineConfig({
  testDir: "tests/e2e",
  outputDir: "test-results/browser",
  workers: 2,
  // Room for a machine at work with other things: what is missing is missing after this long too.
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"], ["json", { outputFile: "test-results/playwright.json" }]],
  // A project for each spec gives each a worker, and with it a server and a fresh database, of its own.
  projects: specs.map((file) => ({ name: file.replace(".spec.ts", ""), testMatch: file })),
  use: {
    ...devices["Desktop Chrome"],
    screenshot: "only-on-failure",
    launchOptions: { executablePath: installedChromiums()[0], args: chromiumFlags },
  },
});
