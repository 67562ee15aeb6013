import type { LoadKind } from "./load.server";

/** In the order in which they are worked on. A page that was begun is rendered before another one begins. */
const order = ["check", "request", "file", "render", "page"] as const;
type Lane = (typeof order)[number];

/**
 * In ms. `maxWaitMs`: a request that has waited for longer is refused, once requests of its kind have been waiting without a break for
 * `burstMs`. So a burst is answered whole, and a queue that does not end stays short.
 */
export const queueLimits = {
  check: { maxWaitMs: 80, burstMs: 500 },
  request: { maxWaitMs: 200, burstMs: 500 },
  file: { maxWaitMs: 200, burstMs: 500 },
  page: { maxWaitMs: 200, burstMs: 1_000 },
} as const;

/** How long requests are worked on in one turn of the event loop, in ms. A turn accepts one connection (libuv 1.45), so it has to be short. */
const maxSliceMs = 1;
/** What a page may keep everything else waiting for at most counts as this, in ms. */
const maxPageMs = 50;
/** Pages that are at work beside others; one more may begin after `slowPageMs`, so that slow reads keep nobody from a page. */
const maxPages = 2;
const slowPageMs = 200;
/** A turn that accepts a connection works on nothing, since more may wait, but so many turns in a row at most. */
const maxAcceptingTurns = 20;
/** After so many turns without a request or a connection nobody is kept waiting by a page. */
const quietTurns = 3;

type Job = { at: number; run: () => void /** Left out: it was begun and is finished. */; refuse?: () => void };

export type QueueOptions = { /** In ms, monotonic. */ clock?: () => number; pagesAtWork?: () => number };

export type RequestQueue = ReturnType<typeof createRequestQueue>;

/**
 * Requests that are read and not begun, the most important first. It works on them for a millisecond in each turn of the event loop
 * and then lets the loop read what else has come: without it a turn would begin everything that it reads, however long that takes,
 * while connections wait to be accepted where nobody sees them. Between pages there is as much time for everything else.
 */
export function createRequestQueue({ clock = () => performance.now(), pagesAtWork = () => 0 }: QueueOptions = {}) {
  const lanes: Record<Lane, Job[]> = { check: [], request: [], file: [], render: [], page: [] };
  const busySince: Record<Lane, number> = { check: 0, request: 0, file: 0, render: 0, page: 0 };
  let isScheduled = false;
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
    // React renders in an immediate of its own, which is behind the next one here.
    if (pageBegan === null) setImmediate(work);
    else setImmediate(() => setImmediate(work));
  }

  function refuseLate(at: number): void {
    for (const lane of ["check", "request", "file", "page"] as const) {
      const jobs = lanes[lane];
      const { maxWaitMs, burstMs } = queueLimits[lane];
      if (jobs.length === 0 || at - busySince[lane] <= burstMs) continue;
      const late = jobs.findIndex((job) => at - job.at <= maxWaitMs);
      for (const { refuse } of jobs.splice(0, late === -1 ? jobs.length : late)) refuse?.();
    }
  }

  /** The lane to work on next. A page gives way while others come, for as long as the page before it took. */
  function next(at: number): Lane | undefined {
    const lane = order.find((name) => lanes[name].length > 0);
    const isPage = lane === "render" || lane === "page";
    if (!isPage || quiet >= quietTurns) return lane;
    const isFull = lane === "page" && pagesAtWork() >= maxPages && at - pageStartedAt < slowPageMs;
    return at < nextPageAt || isFull ? undefined : lane;
  }

  function work(): void {
    isScheduled = false;
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
    if (order.some((name) => lanes[name].length > 0) || pageBegan !== null) schedule();
  }

  return {
    /** Runs it in its turn, or refuses it if that would be too late. */
    add(kind: LoadKind, run: () => void, refuse: () => void): void {
      isActive = true;
      push(kind, { run, refuse });
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
