import { readdirSync } from "node:fs";
import { defineConfig, devices } from "@playwright/test";
import { chromiumFlags, installedChromiums } from "./scripts/chromium.mjs";

const specs = readdirSync(new URL("./tests/e2e", import.meta.url)).filter((file) => file.endsWith(".spec.ts"));

export default defineConfig({
  testDir: "tests/e2e",
  outputDir: "test-results/browser",
  workers: 2,
  // Generous for busy machines: what is missing is still missing after this.
  timeout: 300_000,
  expect: { timeout: 30_000 },
  reporter: [["list"], ["json", { outputFile: "test-results/playwright.json" }]],
  // A project per spec gives each its own worker, server and fresh database.
  projects: specs.map((file) => ({ name: file.replace(".spec.ts", ""), testMatch: file })),
  use: {
    ...devices["Desktop Chrome"],
    screenshot: "only-on-failure",
    launchOptions: { executablePath: installedChromiums()[0], args: chromiumFlags },
  },
});
