import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { reusedWorkers } from "./tests/support/reused-workers";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

const programTests = readdirSync(path("./tests"), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".test.ts"));
/** Files that replace modules, clocks or globals, so that no other may share their process. */
const isolated = programTests
  .filter((file) => /\bvi\.(?!spyOn|fn|mocked|restoreAllMocks|waitFor|waitUntil)\w+/.test(readFileSync(path(`./tests/${file}`), "utf8")))
  .map((file) => `tests/${file}`);

export default defineConfig({
  resolve: { alias: { "~db": path("./db"), "~tests": path("./tests/support"), "~": path("./app") } },
  test: {
    globalSetup: ["tests/support/postgres.global.ts"],
    setupFiles: ["tests/support/setup.ts"],
    // Generous for busy machines: what hangs still hangs after this.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
    // By default vitest leaves one core unused, which on two cores is half of the machine.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      // Modules keep no state of their own, so files share them: loading them takes longer than most files' tests.
      { extends: true, test: { name: "unit", include: ["app/**/*.test.ts", "db/**/*.test.ts", "client/**/*.test.ts"], isolate: false } },
      {
        extends: true,
        test: { name: "program", include: ["tests/**/*.test.ts"], exclude: isolated, isolate: false, pool: reusedWorkers },
      },
      { extends: true, test: { name: "isolated", include: isolated } },
    ],
  },
});
