/**
 * Tracks how far the feed of changes was read. Sequence numbers are drawn before a commit, so on PostgreSQL a smaller
 * one may commit after a larger one. While a number is missing, the feed is read again from there, until `timeoutMs`
 * have passed and its transaction must have failed.
 */
export function createFeedPosition(start: number, timeoutMs: number) {
  /** All numbers up to here are committed or will never be. */
  let whole = start;
  const read = [{ at: Number.NEGATIVE_INFINITY, seq: start }];

  return {
    /** The position to read from. */
    from(now: number): number {
      while (read[1] && read[1].at < now - timeoutMs) read.shift();
      whole = Math.max(whole, read[0]?.seq ?? 0);
      return whole;
    },
    /** `seqs` are all numbers found after `from`, in order. Call it after processing them. */
    readTo(seqs: number[], now: number): void {
      for (const seq of seqs) if (seq === whole + 1) whole = seq;
      const newest = seqs.at(-1) ?? whole;
      if (newest === whole) read.length = 0;
      read.push({ at: now, seq: newest });
    },
  };
}
