import { readSync } from "node:fs";

/** Sizes in bytes; the format is at https://www.sqlite.org/fileformat2.html#walformat */
const headerSize = 32;
const frameHeaderSize = 24;
const batchBytes = 4 * 1024 * 1024;

type Sums = [number, number];

/** The running checksum that SQLite keeps over a WAL, in 32-bit words of the order that its header names. */
function addTo([s0, s1]: Sums, bytes: Buffer, from: number, to: number, isBigEndian: boolean): Sums {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let a = s0;
  let b = s1;
  for (let at = from; at < to; at += 8) {
    a = (a + view.getUint32(at, !isBigEndian) + b) | 0;
    b = (b + view.getUint32(at + 4, !isBigEndian) + a) | 0;
  }
  return [a, b];
}

const isEqual = ([a, b]: Sums, bytes: Buffer, at: number) => bytes.readInt32BE(at) === a && bytes.readInt32BE(at + 4) === b;

function readAt(fd: number, position: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  return bytes.subarray(0, readSync(fd, bytes, 0, size, position));
}

export type WalHeader = { bytes: Buffer; pageSize: number; isBigEndian: boolean };

/** Null if the file has no WAL that SQLite would read. */
export function readWalHeader(fd: number): WalHeader | null {
  const bytes = readAt(fd, 0, headerSize);
  if (bytes.length < headerSize) return null;
  const magic = bytes.readUInt32BE(0);
  if (magic !== 0x377f0682 && magic !== 0x377f0683) return null;
  const isBigEndian = magic === 0x377f0683;
  return isEqual(addTo([0, 0], bytes, 0, 24, isBigEndian), bytes, 24) ? { bytes, pageSize: bytes.readUInt32BE(8), isBigEndian } : null;
}

/** Calls `onCommit` for each commit, oldest first, up to where SQLite would stop reading; with page 1 if the commit wrote it. */
export function readCommits(fd: number, header: WalHeader, onCommit: (page1: Buffer | null) => void): void {
  const { bytes: head, pageSize, isBigEndian } = header;
  const frameSize = frameHeaderSize + pageSize;
  const batchSize = Math.max(1, Math.floor(batchBytes / frameSize)) * frameSize;
  let sums: Sums = [head.readInt32BE(24), head.readInt32BE(28)];
  let page1: Buffer | null = null;
  for (let position = headerSize; ; position += batchSize) {
    const batch = readAt(fd, position, batchSize);
    for (let at = 0; at + frameSize <= batch.length; at += frameSize) {
      const hasSalt = batch.compare(head, 16, 24, at + 8, at + 16) === 0;
      const data = at + frameHeaderSize;
      sums = addTo(addTo(sums, batch, at, at + 8, isBigEndian), batch, data, data + pageSize, isBigEndian);
      if (!hasSalt || !isEqual(sums, batch, at + 16)) return;
      if (batch.readUInt32BE(at) === 1) page1 = batch.subarray(data, data + pageSize);
      const isCommit = batch.readUInt32BE(at + 4) !== 0;
      if (!isCommit) continue;
      onCommit(page1);
      page1 = null;
    }
    if (batch.length < batchSize) return;
  }
}
