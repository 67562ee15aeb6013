import { type LoadKind, loadKinds } from "./load.server";

/** In order of priority. A started page is rendered before another one starts. */
const order = ["check", "request", "file", "render", "page"] as const;
type Lane = (typeof order)[number];

/**
 * In ms. A request that waited longer than `maxWaitMs` is refused once its kind has had a queue for `burstMs`. So
 * bursts are answered completely, and a permanent queue stays short. Files wait longer, because a page is broken without
 * its scripts; their number is bounded instead.
 */
export const queueLimits = {
  check: { maxWaitMs: 80, burstMs: 500 },
  request: { maxWaitMs: 200, burstMs: 500 },
  file: { maxWaitMs: 5_000, burstMs: 500 },
  page: { maxWaitMs: 200, burstMs: 1_000 },
} as const satisfies Record<LoadKind, object>;

/** Max files that wait. */
export const maxWaitingFiles = 1_000;

/** Working time per event-loop turn, in ms. Short, because a turn accepts only one connection (libuv 1.45). */
const maxSliceMs = 1;
/** Upper bound on the time that other requests get after a page, in ms. */
const maxPageMs = 50;
/** Max concurrent pages. One more may start after `slowPageMs`, so that slow reads do not block all pages. */
const maxPages = 2;
const slowPageMs = 200;
/** Max consecutive turns that only accept connections and do no other work, because more connections may be waiting. */
const maxAcceptingTurns = 20;
/** After this many turns without a request or connection, pages no longer yield. */
const quietTurns = 3;
/** Between two looks at whether another process can take one more page, in ms. */
const pagePollMs = 5;

type Job = { at: number; run: () => void /** Absent if the job has started and must be finished. */; refuse?: () => void };

export type QueueOptions = {
  /** In ms, monotonic. */
  clock?: () => number;
  pagesAtWork?: () => number;
  /** True if another process renders the pages, so that this one is idle while it does. */
  arePagesElsewhere?: boolean;
};

export type RequestQueue = ReturnType<typeof createRequestQueue>;

/**
 * Queue of requests that were read but not started, by priority. Works on them for one millisecond per event-loop turn,
 * then lets the loop read new requests. Without it one turn would start everything it read, however long that takes,
 * while new connections wait unseen in the kernel. After each page, other requests get as much time as the page took.
 */
export function createRequestQueue({
  clock = () => performance.now(),
  pagesAtWork = () => 0,
  arePagesElsewhere = false,
}: QueueOptions = {}) {
  const lanes: Record<Lane, Job[]> = { check: [], request: [], file: [], render: [], page: [] };
  const busySince: Record<Lane, number> = { check: 0, request: 0, file: 0, render: 0, page: 0 };
  let isScheduled = false;
  let later: NodeJS.Timeout | undefined;
  let isActive = false;
  let hasAccepted = false;
  let acceptingTurns = 0;
  let quiet = 0;
  let pageStartedAt = 0;
  let pageBegan: number | null = null;
  let nextPageAt = 0;

  function push(lane: Lane, job: Omit<Job, "at">): void {
    const at = clock();
    if (lanes[lane].length === 0) busySince[lane] = at;
    lanes[lane].push({ at, ...job });
    schedule();
  }

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    // React renders in its own immediate, which runs after one scheduled here.
    if (pageBegan === null) setImmediate(work);
    else setImmediate(() => setImmediate(work));
  }

  function refuseLate(at: number): void {
    for (const lane of loadKinds) {
      const jobs = lanes[lane];
      const { maxWaitMs, burstMs } = queueLimits[lane];
      if (jobs.length === 0 || at - busySince[lane] <= burstMs) continue;
      const late = jobs.findIndex((job) => at - job.at <= maxWaitMs);
      for (const { refuse } of jobs.splice(0, late === -1 ? jobs.length : late)) refuse?.();
    }
  }

  /** The next lane. After a page, other lanes go first for as long as that page took. */
  function next(at: number): Lane | undefined {
    const lane = order.find((name) => lanes[name].length > 0);
    if (lane !== "render" && lane !== "page") return lane;
    const isFull = lane === "page" && pagesAtWork() >= maxPages && at - pageStartedAt < slowPageMs;
    if (arePagesElsewhere) return isFull ? undefined : lane;
    return quiet < quietTurns && (at < nextPageAt || isFull) ? undefined : lane;
  }

  function work(): void {
    isScheduled = false;
    clearTimeout(later);
    later = undefined;
    let at = clock();
    const began = at;
    quiet = isActive ? 0 : quiet + 1;
    isActive = false;
    if (pageBegan !== null) {
      nextPageAt = at + Math.min(maxPageMs, at - pageBegan);
      pageBegan = null;
    }
    refuseLate(at);
    const isAccepting = hasAccepted && ++acceptingTurns <= maxAcceptingTurns;
    hasAccepted = false;
    if (isAccepting) {
      schedule();
      return;
    }
    acceptingTurns = 0;
    for (let lane = next(at); lane !== undefined; lane = next(at)) {
      const job = lanes[lane].shift() as Job;
      job.run();
      at = clock();
      if (lane === "render") {
        pageBegan = at;
        break;
      }
      if (lane === "page") pageStartedAt = at;
      if (at - began > maxSliceMs) break;
    }
    if (arePagesElsewhere && order.every((name) => name === "page" || lanes[name].length === 0)) scheduleLater();
    else if (order.some((name) => lanes[name].length > 0) || pageBegan !== null) schedule();
  }

  /** Turns of this loop would take the other process's time. */
  function scheduleLater(): void {
    if (lanes.page.length > 0) later ??= setTimeout(work, pagePollMs);
  }

  return {
    /** Runs the request in its turn, or refuses it if that would be too late or if too many files wait. */
    add(kind: LoadKind, run: () => void, refuse: () => void): void {
      isActive = true;
      if (kind === "file" && lanes.file.length >= maxWaitingFiles) refuse();
      else push(kind, { run, refuse });
    },
    /** Resolves when a page may be rendered: one in each turn. */
    renderTurn: (): Promise<void> => new Promise((resolve) => push("render", { run: resolve })),
    /** A connection was accepted, and more may wait. */
    noteConnection(): void {
      isActive = true;
      hasAccepted = true;
    },
  };
}
