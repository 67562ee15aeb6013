export const failuresToOpen = 5;
const minPauseMs = 1_000; // ms
const maxPauseMs = 300_000; // ms
/** Upper bound on how long queued work waits after PostHog is reachable again, in ms. */
export const maxOutagePauseMs = 30_000;

export type Breaker = ReturnType<typeof createBreaker>;

/** Returns a random delay between 0 and the current backoff, so that processes do not retry in step. */
export function backOff(failures: number, random: () => number = Math.random, longest = maxPauseMs): number {
  return random() * Math.min(longest, minPauseMs * 2 ** Math.min(failures, 20));
}

/**
 * Opens after five consecutive failures. After a pause one request is let through, and its result closes or reopens the
 * breaker. PostHog's outage of February 2024 was prolonged by clients that kept retrying.
 */
export function createBreaker(elapsed: () => number, random: () => number = Math.random) {
  let failures = 0;
  let openUntil = 0;
  let trying = false;
  let lastFailedAt = Number.NEGATIVE_INFINITY;
  return {
    /** Returns true if a request may be sent. The caller must then call `succeeded` or `failed`. */
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
      if (failures >= failuresToOpen) openUntil = elapsed() + minPauseMs + backOff(failures - failuresToOpen, random, maxOutagePauseMs);
    },
    isOpen: () => failures >= failuresToOpen,
    /** How long until the next try may go through, in ms; 0 while it is closed. */
    pauseLeft: (): number => Math.max(0, openUntil - elapsed()),
  };
}
