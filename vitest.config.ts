import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

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
      // Pure code keeps no state, so these files share their modules, which takes a quarter off their time.
      { extends: true, test: { name: "unit", include: ["app/**/*.test.ts", "db/**/*.test.ts", "client/**/*.test.ts"], isolate: false } },
      { extends: true, test: { name: "program", include: ["tests/**/*.test.ts"] } },
    ],
  },
});
