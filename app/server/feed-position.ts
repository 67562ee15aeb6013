/**
 * How far the feed of changes has been read. Numbers are drawn before a commit, so on PostgreSQL a smaller one may be committed
 * after a larger one: while a number is missing, what lies above it is read again, until `patience` has passed and whoever
 * drew it is taken to have failed.
 */
export function createFeedPosition(start: number, patience: number) {
  /** No number up to here is missing, or can still come. */
  let whole = start;
  const read = [{ at: Number.NEGATIVE_INFINITY, seq: start }];

  return {
    /** Read what comes after this. */
    from(now: number): number {
      while (read[1] && read[1].at < now - patience) read.shift();
      whole = Math.max(whole, read[0]?.seq ?? 0);
      return whole;
    },
    /** `seqs`: all that were there after `from`, in order. Call it when they have been dealt with. */
    readTo(seqs: number[], now: number): void {
      for (const seq of seqs) if (seq === whole + 1) whole = seq;
      const newest = seqs.at(-1) ?? whole;
      if (newest === whole) read.length = 0;
      read.push({ at: now, seq: newest });
    },
  };
}
