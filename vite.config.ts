import { fileURLToPath } from "node:url";
import { vitePlugin as remix } from "@remix-run/dev";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vite";
import remixConfig from "./remix.config.js";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

// The server and the command line are built together with Remix's routes, so that all three share one copy of every module.
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
                background: "app/server/background-process.server.ts",
              } as never,
              output: { entryFileNames: "[name].js" },
            },
          },
        }
      : undefined,
};

// Native or self-locating packages stay outside of the bundle, and prom-client, which in it finds no `require` to measure the
// event loop with and says nothing. The rest goes in, which makes a start three times as quick.
// Vite is named only in code that the bundle leaves out.
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

// What Vite may send to a browser in development: what pages are made of, and packages. Never databases, settings or server code.
const served = {
  allow: [path("./app"), path("./node_modules")],
  deny: [
    ...[".env", ".env.*", "*.{crt,pem,key}", "**/.git/**", `${path("./data")}/**`, "*.db", "*.db[-.]*"],
    ...["**/*.server.*", "server/**", "api/**", "cli/**"].map((name) => path(`./app/${name}`)),
  ],
};

/**
 * In browsers zod must not try `new Function`, which the content security policy forbids and reports. It tries when the first
 * schema is made, so whoever imports it there gets it from a module that has switched that off first.
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
  // The first browsers with light-dark(). Named, since otherwise each build writes CSS for its own target, and the page that
  // the server sends names another stylesheet than the one that the browser's build wants.
  build: { cssTarget: ["chrome123", "firefox120", "safari17.5"] },
  server: { fs: served },
  resolve: { alias: { "~db": path("./db"), "~": path("./app") } },
  // Found up front: otherwise the first page in development optimises again and reloads. Packages of the server have no browser build.
  optimizeDeps: { entries: ["app/entry.client.tsx", "app/root.tsx", "app/routes/**/*.tsx"], exclude: external },
  ssr: command === "build" ? { noExternal: true, external } : undefined,
}));
