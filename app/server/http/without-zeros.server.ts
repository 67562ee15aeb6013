import { Transform } from "node:stream";

/**
 * Removes zero bytes from rendered HTML, which has none of its own. React 18 ends a chunk with them where a character
 * of several bytes no longer fits in it, and the browser would then show another text than the one that was sent.
 */
export const withoutZeros = () =>
  new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, chunk.includes(0) ? chunk.filter((byte) => byte !== 0) : chunk),
  });
