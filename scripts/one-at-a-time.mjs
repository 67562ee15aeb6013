import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

const heartbeat = 2_000; // ms between signs of life of the holder
const silence = 20_000; // ms without one after which its lock counts as left behind

/** @param {string} folder */
const ownerOf = (folder) => {
  try {
    return readFileSync(path.join(folder, "owner"), "utf8");
  } catch {
    return ""; // taken this very moment, or gone
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
 * @param {() => void} onWait told once, when another process holds the lock
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
      // Renamed before it is removed, so that of two waiting processes only one takes it away.
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
    } catch {} // taken over while this machine slept
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
