export const failuresToOpen = 5;
const shortestPause = 1_000; // ms
const longestPause = 300_000; // ms
/** The longest that PostHog's being away keeps anything waiting once it is back, in milliseconds. */
export const longestOutagePause = 30_000;

export type Breaker = ReturnType<typeof createBreaker>;

/** A pause between 0 and what has grown so far, so that many processes do not come back in step. */
export function backOff(failures: number, random: () => number = Math.random, longest = longestPause): number {
  return random() * Math.min(longest, shortestPause * 2 ** Math.min(failures, 20));
}

/**
 * After five failures in a row nothing is sent for a while; then one try goes through, and what it meets decides.
 * PostHog's own outage of February 2024 was made longer by clients that kept asking.
 */
export function createBreaker(elapsed: () => number, random: () => number = Math.random) {
  let failures = 0;
  let openUntil = 0;
  let trying = false;
  let lastFailedAt = Number.NEGATIVE_INFINITY;
  return {
    /** Whether to ask at all. A yes has to be followed by `succeeded` or `failed`. */
    mayTry(): boolean {
      if (failures < failuresToOpen) return true;
      if (trying || elapsed() < openUntil) return false;
      trying = true;
      return true;
    },
    succeeded(): void {
      failures = 0;
      trying = false;
    },
    /**
     * `askedAt`: when the failed request was sent, by `elapsed`. Requests that were in flight together count as one failure, so the number of
     * parallel requests does not matter.
     */
    failed(askedAt = elapsed()): void {
      if (askedAt < lastFailedAt && !trying) return;
      lastFailedAt = elapsed();
      failures += 1;
      trying = false;
      if (failures >= failuresToOpen)
        openUntil = elapsed() + shortestPause + backOff(failures - failuresToOpen, random, longestOutagePause);
    },
    isOpen: () => failures >= failuresToOpen,
    /** How long until the next try may go through, in ms; 0 while it is closed. */
    pauseLeft: (): number => Math.max(0, openUntil - elapsed()),
  };
}
