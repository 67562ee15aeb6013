import { freeze, type Reading } from "./answer.js";
import { ask, type Transport } from "./ask.js";
import { type CachedAnswer, createCache, isFresh, mayStandIn } from "./cache.js";
import { isLatchkeyError, type LatchkeyError, latchkeyError } from "./errors.js";

/** `path` identifies the request. `read` returns null if the response is not its answer. */
export type Question<Body> = {
  tenant: string;
  path: string;
  read: (json: unknown, status: number) => Reading<Body> | null;
  alsoAnswers?: readonly number[];
  /** Lifetime in ms of an answer that does not state one. */
  defaultMaxAgeSeconds?: number;
};

export type Found<Body> = { body: Body; from: "latchkey" | "stale" } | null;

export type LookupOptions = {
  transport: Transport;
  now: () => number;
  most: number;
  staleIfErrorMs: number;
  onError: ((error: LatchkeyError) => void) | undefined;
};

/** After this many consecutive failures requests pause, so that a hanging Latchkey does not cost each check a timeout. */
const failuresBeforePause = 3;
/** In ms. */
const minPauseMs = 1000;
const maxPauseMs = 60_000;

export type Lookup = ReturnType<typeof createLookup>;

export function createLookup({ transport, now, most, staleIfErrorMs, onError }: LookupOptions) {
  const cache = createCache(most);
  const asking = new Map<string, Promise<Found<unknown>>>();
  let failures = 0;
  let paused = { from: 0, until: 0 };
  /** Changes with `forget`: earlier requests must not be cached afterwards. */
  let generation = 0;

  function report(error: LatchkeyError): void {
    try {
      onError?.(error);
    } catch {
      // The program's own hook must not affect a check.
    }
  }

  function failed(error: LatchkeyError): void {
    // A refused request says nothing about other requests.
    if (error.status === 400 || error.status === 404) return;
    failures++;
    if (failures < failuresBeforePause && error.retryAfter === undefined) return;
    const at = now();
    paused = { from: at, until: at + Math.min(maxPauseMs, Math.max(minPauseMs, error.retryAfter ?? 0)) };
  }

  const isPaused = (at: number) => paused.from <= at && at < paused.until;

  function standIn<Body>(held: CachedAnswer | undefined): Found<Body> {
    return held && mayStandIn(held, now(), staleIfErrorMs) ? { body: held.body as Body, from: "stale" } : null;
  }

  async function heard<Body>(
    { tenant, path, read, alsoAnswers = [], defaultMaxAgeSeconds = 0 }: Question<Body>,
    held: CachedAnswer | undefined,
  ): Promise<CachedAnswer> {
    const askedAt = now();
    const { status, json, etag, life } = await ask(transport, path, held?.etag ?? null, alsoAnswers);
    const same = status === 304 ? held : undefined;
    const reading = same ?? read(json, status);
    if (!reading)
      throw latchkeyError("invalid_answer", "What answered is no Latchkey, or one of another version: its answer has another form.");
    const { validUntil } = reading;
    const freshUntil = Math.min(askedAt + (life ?? defaultMaxAgeSeconds), validUntil ?? Number.POSITIVE_INFINITY);
    return { tenant, body: freeze(reading.body), etag: etag ?? same?.etag ?? null, askedAt, freshUntil, validUntil };
  }

  async function fetchAnswer<Body>(question: Question<Body>, held: CachedAnswer | undefined): Promise<Found<Body>> {
    const asked = generation;
    try {
      let got = await heard(question, held);
      // The answer expired on the way.
      if (got.validUntil !== null && now() >= got.validUntil) got = await heard(question, undefined);
      failures = 0;
      if (asked === generation) cache.set(question.path, got);
      return { body: got.body as Body, from: "latchkey" };
    } catch (cause) {
      const error = isLatchkeyError(cause) ? cause : latchkeyError("invalid_answer", "The answer could not be read.", { cause });
      failed(error);
      report(error);
      return standIn(held);
    }
  }

  return {
    /** From the cache alone; undefined if it would have to be requested. */
    fresh<Body>(path: string): Body | undefined {
      const held = cache.get(path);
      return held && isFresh(held, now()) ? (held.body as Body) : undefined;
    },
    /** A cached answer that may be used while Latchkey is unavailable. */
    standIn: <Body>(path: string) => standIn<Body>(cache.get(path))?.body,
    /** Null if neither Latchkey nor the cache has an answer. Never rejects. */
    async find<Body>(question: Question<Body>): Promise<Found<Body>> {
      const held = cache.get(question.path);
      const at = now();
      if (held && isFresh(held, at)) return { body: held.body as Body, from: "latchkey" };
      const underway = asking.get(question.path);
      if (underway) return underway as Promise<Found<Body>>;
      if (isPaused(at)) return standIn(held);
      const found = fetchAnswer(question, held);
      asking.set(question.path, found);
      await found;
      if (asking.get(question.path) === found) asking.delete(question.path);
      return found;
    },
    /** Null means all tenants. */
    forget(tenant: string | null): void {
      generation++;
      asking.clear();
      cache.forget(tenant);
    },
  };
}
