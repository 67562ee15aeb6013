import { closeSync, openSync, readSync } from "node:fs";
import { readCommits, readWalHeader, type WalHeader } from "./sqlite-wal-frames.server";

/** `unknown`: cannot be determined, for example if only other programs wrote to the file. */
export type WalMatch = "no wal" | "belongs" | "foreign" | "unknown";

/** Attempts while another process writes to the pair. */
const maxAttempts = 5;
const maxPageSize = 65_536;

/**
 * Returns whether the `-wal` next to a database file was written for this file. SQLite does not check: it would apply a
 * foreign one, which corrupts a copy that was placed over the database of a killed process. Each commit is numbered in
 * page 1 of the file (`numberCommit`), so the file's page 1 must equal one in the `-wal`, or be the one before the
 * first.
 *
 * Call before this process opens the database: closing the file releases SQLite's locks on it.
 */
export function findWalMatch(file: string): WalMatch {
  let wal: number;
  try {
    wal = openSync(`${file}-wal`, "r");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return "no wal";
    throw error;
  }
  try {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const page1 = readPage1(file);
      const header = readWalHeader(wal);
      const match = page1 && header ? compare(page1, header.pageSize, findCommits(wal, header, page1)) : "no wal";
      const isSteady = sameBytes(page1, readPage1(file)) && sameBytes(header?.bytes, readWalHeader(wal)?.bytes);
      if (isSteady) return match;
    }
    return "belongs"; // Another process works with both.
  } finally {
    closeSync(wal);
  }
}

/** Null for a missing or empty file, whose `-wal` SQLite ignores. */
function readPage1(file: string): Buffer | null {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return null;
    throw error;
  }
  try {
    const bytes = Buffer.alloc(maxPageSize);
    const read = readSync(fd, bytes, 0, maxPageSize, 0);
    return read < 100 ? null : bytes.subarray(0, Math.min(read, pageSizeOf(bytes)));
  } finally {
    closeSync(fd);
  }
}

const pageSizeOf = (page1: Buffer) => (page1.readUInt16BE(16) === 1 ? maxPageSize : page1.readUInt16BE(16));
const isInWalMode = (page1: Buffer) => page1[18] === 2 && page1[19] === 2;
const numberOf = (page1: Buffer) => page1.readUInt32BE(60);
/** SQLite's schema version, which `VACUUM INTO` increments in the copy. */
const schemaOf = (page1: Buffer) => page1.readUInt32BE(40);
const sameBytes = (a: Buffer | null | undefined, b: Buffer | null | undefined) => (a && b ? a.equals(b) : a === b);

type Commits = { count: number; first: Buffer | null; hasFileState: boolean };

/** Reads the commits in the `-wal`: page 1 of the first that holds it, and whether one of them left page 1 as the file has it. */
function findCommits(wal: number, header: WalHeader, page1: Buffer): Commits {
  const commits: Commits = { count: 0, first: null, hasFileState: false };
  readCommits(wal, header, (page) => {
    commits.count += 1;
    commits.first ??= page && Buffer.from(page);
    commits.hasFileState ||= page?.equals(page1) ?? false;
  });
  return commits;
}

function compare(page1: Buffer, walPageSize: number, { count, first, hasFileState }: Commits): WalMatch {
  if (count === 0) return "no wal";
  if (!isInWalMode(page1) || pageSizeOf(page1) !== walPageSize) return "foreign";
  if (hasFileState) return "belongs";
  if (first === null) return "unknown";
  // Page 1 is still as it was before the first commit. Only another program's commit leaves the number as it was.
  const step = (numberOf(first) - numberOf(page1)) >>> 0;
  if (step > 1 || schemaOf(page1) > schemaOf(first)) return "foreign";
  return step === 1 && schemaOf(page1) === schemaOf(first) ? "belongs" : "unknown";
}
