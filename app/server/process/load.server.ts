/** Kinds of requests by priority. Later kinds are refused first. */
export const loadKinds = ["check", "request", "file", "page"] as const;
export type LoadKind = (typeof loadKinds)[number];

export type LoadLimits = { [K in LoadKind]: { /** In ms. */ maxDelayMs: number; maxInFlight: number } };

/**
 * `maxDelayMs`: max event-loop delay at which requests are accepted. `maxInFlight`: max requests whose body has arrived
 * and which are not answered yet. Files are not refused for a delay: a browser requests a page's script only once, and the
 * page is broken without it. They wait in the queue, where checks go first.
 */
export const loadLimits: LoadLimits = {
  check: { maxDelayMs: 80, maxInFlight: 1_000 },
  request: { maxDelayMs: 60, maxInFlight: 1_000 },
  file: { maxDelayMs: Number.POSITIVE_INFINITY, maxInFlight: 1_000 },
  page: { maxDelayMs: 40, maxInFlight: 250 },
};

/** Turns further apart than this, in ms, are not consecutive: the loop was idle or did other work in between. */
const maxGapMs = 10;

/**
 * Returns the event loop's delay in ms: how long the current turn has answered requests, bounded by the previous turn's
 * duration. A single long turn, caused by one long task or a preempted CPU, is not an overload.
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

/** After a refusal, less important kinds, except files, are refused as well for this long, in ms. */
export const holdMs = 250;

export type LoadOptions = {
  limits?: LoadLimits;
  delayMs?: () => number;
  /** In ms, monotonic. */
  clock?: () => number;
};

/** Refuses nothing. For development, where compiling a module of a page is one long turn. */
export const unlimitedLoad: LoadOptions = { delayMs: () => 0, clock: () => 0 };

export type Load = ReturnType<typeof createLoad>;

/**
 * Detects overload. An event loop has no queue to measure: requests wait in sockets, and each turn reads all that have
 * arrived. Over capacity, turns grow without bound, because a longer turn finds more requests. Bounding what a turn
 * accepts keeps turns short, and so the wait of accepted requests.
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
      return kind !== "file" && clock() < delayedUntil[kind];
    },
    /** Counts a refusal and delays less important kinds. */
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
