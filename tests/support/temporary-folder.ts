import { accessSync, constants, mkdtempSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** Memory as a file system, on Linux. */
const memory = "/dev/shm";
const minFreeBytes = 2 * 1024 ** 3;

function hasRoomInMemory(): boolean {
  try {
    accessSync(memory, constants.W_OK);
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize >= minFreeBytes;
  } catch {
    return false;
  }
}
const parent = hasRoomInMemory() ? memory : tmpdir();

/**
 * Makes a folder for the databases of a test, which removes it. In memory where the system has room: each commit of
 * SQLite waits for the disk. On one machine a synchronous write of 4 kB took 4.7 ms on disk and 0.02 ms in memory.
 */
export const temporaryFolder = (name: string): string => mkdtempSync(path.join(parent, `latchkey-${name}-`));
