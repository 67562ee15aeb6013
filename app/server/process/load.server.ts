/** Kinds of requests by priority. Later kinds are refused first. */
export const loadKinds = ["check", "request", "file", "page"] as const;
export type LoadKind = (typeof loadKinds)[number];

export type LoadLimits = { [K in LoadKind]: { /** In ms. */ maxDelayMs: number; maxInFlight: number } };

/**
 * `maxDelayMs`: how late the event loop may be for a request that is still accepted. `maxInFlight`: requests whose body has arrived and whose answer is not made.
 */
export const loadLimits: LoadLimits = {
  check: { maxDelayMs: 80, maxInFlight: 1_000 },
  request: { maxDelayMs: 60, maxInFlight: 1_000 },
  file: { maxDelayMs: 60, maxInFlight: 1_000 },
  page: { maxDelayMs: 40, maxInFlight: 250 },
};

/** Turns further apart than this, in ms, do not follow each other: the loop was idle or busy with other things between them. */
const maxGapMs = 10;

/**
 * Tells by how much the event loop is late, in ms: for how long this turn has answered requests, if the turn right before it took as
 * long. A single long turn, because of one long task or a processor that was taken away, is no overload.
 */
export function createTurnClock(clock = () => performance.now()): () => number {
  let began: number | null = null;
  let endedAt = Number.NEGATIVE_INFINITY;
  let previousMs = 0;
  const end = () => {
    endedAt = clock();
    previousMs = endedAt - (began as number);
    began = null;
  };
  return () => {
    const at = clock();
    if (began === null) {
      began = at;
      if (at - endedAt > maxGapMs) previousMs = 0;
      setImmediate(end);
    }
    return Math.min(at - began, previousMs);
  };
}

/** For so long after a refusal, in ms, everything that is less important is refused as well. */
export const holdMs = 250;

export type LoadOptions = {
  limits?: LoadLimits;
  delayMs?: () => number;
  /** In ms, monotonic. */
  clock?: () => number;
};

export type Load = ReturnType<typeof createLoad>;

/**
 * Tells whether this process has more requests than it can answer in time. An event loop has no queue to look at: requests wait in the
 * sockets, and each turn reads all that have arrived. Beyond its capacity turns grow without bound, because a longer one finds more
 * requests. A bound on what a turn accepts keeps turns short, and with them the time that an accepted request has waited.
 */
export function createLoad({ limits = loadLimits, delayMs = createTurnClock(), clock = () => performance.now() }: LoadOptions = {}) {
  const inFlight: Record<LoadKind, number> = { check: 0, request: 0, file: 0, page: 0 };
  const refused: Record<LoadKind, number> = { check: 0, request: 0, file: 0, page: 0 };
  /** When lower kinds are accepted again. */
  const delayedUntil: Record<LoadKind, number> = { check: 0, request: 0, file: 0, page: 0 };

  return {
    isFull(kind: LoadKind): boolean {
      const { maxDelayMs, maxInFlight } = limits[kind];
      if (delayMs() > maxDelayMs || inFlight[kind] >= maxInFlight) return true;
      return kind !== "check" && clock() < delayedUntil[kind];
    },
    /** Counts a refusal, and holds what is less important. */
    noteRefused(kind: LoadKind): void {
      refused[kind] += 1;
      const until = clock() + holdMs;
      for (const lower of loadKinds.slice(loadKinds.indexOf(kind) + 1)) delayedUntil[lower] = until;
    },
    enter(kind: LoadKind): void {
      inFlight[kind] += 1;
    },
    leave(kind: LoadKind): void {
      inFlight[kind] -= 1;
    },
    inFlight: (): Readonly<Record<LoadKind, number>> => inFlight,
    refused: (): Readonly<Record<LoadKind, number>> => refused,
  };
}
