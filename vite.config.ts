import { fileURLToPath } from "node:url";
import { vitePlugin as remix } from "@remix-run/dev";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vite";
import remixConfig from "./remix.config.js";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

// Server and command line are built together with Remix's routes, so that they share one copy of every module.
const entries = {
  name: "latchkey-entries",
  config: (_config: unknown, { isSsrBuild }: { isSsrBuild?: boolean }) =>
    isSsrBuild
      ? {
          build: {
            target: "node20",
            rollupOptions: {
              input: {
                remix: "virtual:remix/server-build",
                main: "app/server/main.server.ts",
                cli: "app/cli/main.server.ts",
                "sqlite-worker": "db/sqlite-worker.server.mjs",
                background: "app/server/process/worker-process.server.ts",
                pages: "app/server/process/page-process.server.ts",
              } as never,
              output: { entryFileNames: "[name].js" },
            },
          },
        }
      : // The menu is on every page. Its icons, which other pages use too, would each be a file of their own.
        { build: { rollupOptions: { output: { manualChunks: { menu: ["app/ui/shell/nav.ts"] } } } } },
};

// Native or self-locating packages are not bundled, nor prom-client, which in a bundle finds no `require` and silently
// omits the event-loop metrics. Bundling the rest makes starts three times as fast. Vite is imported only by code that
// the bundle leaves out.
const external = [
  "vite",
  "better-sqlite3",
  "@node-rs/argon2",
  "pg",
  "@remix-run/node",
  "fastify",
  "@fastify/static",
  "pino",
  "prom-client",
];

// What Vite may serve in development: page sources and packages. Never databases, settings or server code.
const served = {
  allow: [path("./app"), path("./node_modules")],
  deny: [
    ...[".env", ".env.*", "*.{crt,pem,key}", "**/.git/**", `${path("./data")}/**`, "*.db", "*.db[-.]*"],
    ...["**/*.server.*", "server/**", "api/**", "cli/**"].map((name) => path(`./app/${name}`)),
  ],
};

/**
 * In browsers zod must not try `new Function`, which the content security policy forbids. It tries when the first
 * schema is created, so browser code imports it through a module that turns this off first.
 */
const zodWithoutEval = {
  name: "latchkey-zod-without-eval",
  enforce: "pre" as const,
  resolveId: (source: string, importer: string | undefined, { ssr }: { ssr?: boolean }) =>
    source === "zod" && !ssr && importer !== zodModule ? { id: zodModule, moduleSideEffects: true } : undefined,
  load: (id: string) =>
    id === zodModule ? 'import { config } from "zod/v4/core";\nconfig({ jitless: true });\nexport * from "zod";' : undefined,
};
const zodModule = "\0latchkey-zod";

export default defineConfig(({ command }) => ({
  plugins: [tailwindcss(), zodWithoutEval, remix(remixConfig), entries],
  define: command === "build" ? { "process.env.NODE_ENV": JSON.stringify("production") } : undefined,
  // The first browsers with light-dark(). Set explicitly: otherwise each build generates CSS for its own target, and
  // the server's page names another stylesheet than the browser build has.
  build: { cssTarget: ["chrome123", "firefox120", "safari17.5"] },
  server: { fs: served },
  resolve: { alias: { "~db": path("./db"), "~": path("./app") } },
  // Found up front: otherwise the first page in development is optimized again and reloads. Server packages have no
  // browser build.
  optimizeDeps: { entries: ["app/entry.client.tsx", "app/root.tsx", "app/routes/**/*.tsx"], exclude: external },
  ssr: command === "build" ? { noExternal: true, external } : undefined,
}));
