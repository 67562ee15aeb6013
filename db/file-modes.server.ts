import { closeSync, mkdirSync, openSync, readdirSync, statSync } from "node:fs";
import path from "node:path";

/** The database is private to this user: it holds password hashes, signing keys and customer names. */
const folderMode = 0o700;
const fileMode = 0o600;
const ofOthers = 0o077;

/** Creates the folder and an empty file, both private, if missing. SQLite gives `-wal` and `-shm` the file's mode. */
export function createPrivateFile(file: string): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: folderMode });
  closeSync(openSync(file, "a", fileMode));
}

const modeOf = (name: string): number => statSync(name, { throwIfNoEntry: false })?.mode ?? 0;

/**
 * Finds database files that other users can open: the file, `-wal`, `-shm` and copies. The folder counts only if it
 * holds nothing else, so that nobody is asked to restrict /tmp.
 */
export function findWideFiles(file: string): { folder: string | null; files: string[] } {
  const folder = path.dirname(file);
  if (process.platform === "win32") return { folder: null, files: [] };
  const names = readdirSync(folder);
  const ours = names.filter((name) => name.startsWith(path.basename(file)));
  const files = ours.map((name) => path.join(folder, name)).filter((name) => modeOf(name) & ofOthers);
  const isFolderWide = ours.length === names.length && (modeOf(folder) & ofOthers) !== 0;
  return { folder: isFolderWide ? folder : null, files };
}
