import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

const heartbeat = 2_000; // Interval of the holder's heartbeat, in ms.
const silence = 20_000; // Silence in ms after which a lock counts as abandoned.

/** @param {string} folder */
const ownerOf = (folder) => {
  try {
    return readFileSync(path.join(folder, "owner"), "utf8");
  } catch {
    return ""; // Just taken, or gone.
  }
};

/** @param {string} owner `host pid` */
const hasDied = (owner) => {
  const [host, pid] = owner.split(" ");
  if (host !== os.hostname() || !pid) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "ESRCH";
  }
};

/** @param {string} folder */
const isLeftBehind = (folder) => {
  try {
    return hasDied(ownerOf(folder)) || Date.now() - statSync(folder).mtimeMs > silence;
  } catch {
    return false;
  }
};

/**
 * Runs `work` while no other process runs its own under the same folder name; a lock whose holder died is taken over.
 * @param {string} folder
 * @param {() => void} onWait called once, if another process holds the lock
 * @param {() => Promise<void>} work
 */
export async function oneAtATime(folder, onWait, work) {
  const me = `${os.hostname()} ${process.pid}`;
  mkdirSync(path.dirname(folder), { recursive: true });
  for (let told = false; ; ) {
    try {
      mkdirSync(folder);
      break;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
    }
    if (isLeftBehind(folder)) {
      // Renamed before removal, so that only one of two waiting processes removes it.
      const aside = `${folder}.${process.pid}`;
      try {
        renameSync(folder, aside);
        rmSync(aside, { recursive: true, force: true });
      } catch {}
      continue;
    }
    if (!told) onWait();
    told = true;
    await sleep(200);
  }
  writeFileSync(path.join(folder, "owner"), me);
  const alive = setInterval(() => {
    try {
      utimesSync(folder, new Date(), new Date());
    } catch {} // Taken over while this machine slept.
  }, heartbeat);
  const release = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", release);
  try {
    await work();
  } finally {
    clearInterval(alive);
    process.off("exit", release);
    release();
  }
}
