import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { endWithTests } from "./support/end-with-tests";
import { freePort } from "./support/free-port";
import { until } from "./support/poll";
import { temporaryFolder } from "./support/temporary-folder";

const root = fileURLToPath(new URL("..", import.meta.url));
const secret = "not for browsers 4711";
const folder = temporaryFolder("served");
/** Files with the secret inside the project's folder, where nothing but .gitignore keeps them apart from the sources. */
const planted = [
  "data/served-files.db",
  "data/served-files.db-wal",
  "data/served-files.db.before-1-2",
  ".env.served-files",
  "app/served-files.db",
];

beforeAll(() => {
  mkdirSync(path.join(root, "data"), { recursive: true });
  for (const file of planted) writeFileSync(path.join(root, file), secret);
});
afterAll(() => {
  for (const file of planted) rmSync(path.join(root, file), { force: true });
  rmSync(folder, { recursive: true, force: true });
});

/** From the sources on a busy machine, with a dependency scan. */
const maxStartMs = 150_000;
const timeoutMs = 2 * maxStartMs;

/** A server without NODE_ENV unless it is given, run from the project's folder. */
async function startServer(args: string[], more: Record<string, string> = {}) {
  const port = await freePort();
  const env = { PATH: process.env.PATH, PORT: String(port), DATABASE_URL: `file:${path.join(folder, `${port}.db`)}`, ...more };
  const child = spawn(process.execPath, args, { cwd: root, env: env as unknown as NodeJS.ProcessEnv, stdio: ["ignore", "pipe", "pipe"] });
  endWithTests(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      output += chunk;
    });
  const url = `http://127.0.0.1:${port}`;
  const isReady = async () => {
    if (child.exitCode !== null) throw new Error(`The server ended:\n${output}`);
    return (await fetch(`${url}/readyz`).catch(() => undefined))?.status === 200 || undefined;
  };
  await until(isReady, maxStartMs, () => `The server was not ready:\n${output}`);
  /** With the path exactly as it is given, which fetch would tidy. */
  const get = (target: string) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      let text = "";
      const socket = net.connect(port, "127.0.0.1", () =>
        socket.write(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`),
      );
      socket.setEncoding("latin1").on("data", (chunk) => {
        text += chunk;
      });
      socket.on("error", reject).on("end", () => resolve({ status: Number(text.slice(9, 12)), text }));
    });
  const stop = async () => {
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  };
  return { url, get, stop };
}

const encoded = (text: string) => text.replace(/[a-z.]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
const variants = (file: string) => [
  `/${file}`,
  `//${file}`,
  `/./${file}`,
  `/assets/../${file}`,
  `/assets/..%2f${file}`,
  `/..%2f..%2f..%2f..%2f${root.slice(1)}${file}`,
  `/assets/%2e%2e/${file}`,
  `/${encoded(file)}`,
  `/${file}%00.css`,
  `/${file}/`,
  ...["raw", "url", "inline", "import&raw", "import&url", "import&inline", "raw??", "v=1&raw", "worker", "t=1"].map((q) => `/${file}?${q}`),
  `/${file}?.svg?.wasm?init`,
  `/@fs${root}${file}`,
  `/@fs/${root}${file}?raw`,
  `/@fs${root}app/../${file}`,
  `/@fs${root}${file}?import&raw??`,
  `/@fs/${encoded(`${root.slice(1)}${file}`)}`,
  `/@id/${root}${file}?raw`,
  `/@id/__x00__${root}${file}?raw`,
];
/** Each with a piece of text that it is known by. */
const files: [file: string, text: string][] = [
  ...planted.map((file): [string, string] => [file, secret]),
  ["package.json", '"devDependencies"'],
  ["vite.config.ts", "latchkey-entries"],
  ["app/server/admins/passwords.server.ts", "memoryCost: 19_456"],
  ["app/cli/run.server.ts", "buildProgram(session.open)"],
  ["db/schema/admins.ts", "argon2id in PHC form"],
  ["README.md", "May this tenant use this feature"],
  ["tests/served-files.test.ts", "4711"],
];
const development = { NODE_ENV: "development" };
const served: [name: string, args: string[], env: Record<string, string>][] = [
  ["the build, without NODE_ENV", ["build/server/main.js"], {}],
  ["the build, with NODE_ENV=development", ["build/server/main.js"], { NODE_ENV: "development" }],
  ["npm run dev", ["--import", "tsx", "app/server/main.server.ts"], development],
];

describe.each(served)("%s", (_name, args, env) => {
  let server: Awaited<ReturnType<typeof startServer>>;
  beforeAll(async () => {
    server = await startServer(args, env);
  }, timeoutMs);
  afterAll(() => server?.stop());

  test.each(files)("sends %s under no spelling of its address", async (file, text) => {
    for (const target of variants(file)) expect((await server.get(target)).text, target).not.toContain(text);
  });

  test("sends no file from outside the project", async () => {
    for (const target of [
      "/@fs/etc/passwd",
      "/@fs/etc/passwd?raw",
      "/@fs/etc/passwd?import&raw??",
      "/..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    ]) {
      expect((await server.get(target)).text, target).not.toContain("root:");
    }
  });

  test("sends its pages", async () => {
    const { status, text } = await server.get("/sign-in");
    expect([status, text]).toEqual([200, expect.stringContaining("Sign in")]);
  });

  async function expectEveryModule(): Promise<void> {
    const page = await (await fetch(`${server.url}/sign-in`)).text();
    const routes = readdirSync(path.join(root, "app/routes")).map((file) => `/app/routes/${file}?__remix-build-client-route`);
    const inPage = [...page.matchAll(/["'](\/(?:app|@)[^"'\s]+?\.tsx?[^"'\s]*)["']/g)].map(([, module = ""]) => module);
    const seen = new Set<string>();
    for (let wave = [...routes, ...inPage]; wave.length > 0; ) {
      for (const module of wave) seen.add(module);
      const texts = await Promise.all(
        wave.map(async (module) => {
          const answer = await fetch(server.url + module);
          expect([answer.status, module]).toEqual([200, module]);
          return answer.text();
        }),
      );
      const imported = texts.flatMap((text) =>
        [...text.matchAll(/(?:from|import)\s*\(?["'](\/app\/[^"']+)["']/g)].map(([, next = ""]) => next),
      );
      wave = [...new Set(imported)].filter((module) => !seen.has(module));
    }
    expect(seen.size).toBeGreaterThan(routes.length + 50);
    expect([...seen].filter((module) => /\/app\/(server|api|cli)\/.*\.server/.test(module))).toEqual([]);
  }

  if (env === development) test("a browser gets each module of each page, and none of them is the server's", expectEveryModule, timeoutMs);
});

test("the sources are not served unless development is asked for", async () => {
  const env = {
    PATH: process.env.PATH,
    PORT: "0",
    DATABASE_URL: `file:${path.join(folder, "sources.db")}`,
  } as unknown as NodeJS.ProcessEnv;
  const child = spawn(process.execPath, ["--import", "tsx", "app/server/main.server.ts"], {
    cwd: root,
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let printed = "";
  child.stderr.on("data", (chunk) => {
    printed += chunk;
  });
  expect(await once(child, "close")).toEqual([1, null]);
  expect(printed).toContain("The sources are served in development only: npm run dev.");
});
