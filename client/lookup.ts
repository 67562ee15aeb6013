import { freeze, type Reading } from "./answer.js";
import { ask, type Transport } from "./ask.js";
import { createCache, type Held, isFresh, mayStandIn } from "./cache.js";
import { isLatchkeyError, type LatchkeyError, latchkeyError } from "./errors.js";

/** `path` names the question. `read` returns null for what is no answer to it. */
export type Question<Body> = {
  tenant: string;
  path: string;
  read: (json: unknown, status: number) => Reading<Body> | null;
  alsoAnswers?: readonly number[];
  /** Milliseconds that an answer lives which does not say it itself. */
  lifeUnlessTold?: number;
};

export type Found<Body> = { body: Body; from: "latchkey" | "stale" } | null;

export type LookupOptions = {
  transport: Transport;
  now: () => number;
  most: number;
  staleIfErrorMs: number;
  onError: ((error: LatchkeyError) => void) | undefined;
};

/** After so many failures in a row nobody asks for a while, so that a Latchkey that hangs does not cost each check a time-out. */
const failuresBeforePause = 3;
/** In milliseconds. */
const shortestPause = 1000;
const longestPause = 60_000;

export type Lookup = ReturnType<typeof createLookup>;

export function createLookup({ transport, now, most, staleIfErrorMs, onError }: LookupOptions) {
  const cache = createCache(most);
  const asking = new Map<string, Promise<Found<unknown>>>();
  let failures = 0;
  let paused = { from: 0, until: 0 };
  /** Moves when something is forgotten: what was asked before then must not be remembered after. */
  let generation = 0;

  function report(error: LatchkeyError): void {
    try {
      onError?.(error);
    } catch {
      // A hook of the program's own must not decide what a check answers.
    }
  }

  function failed(error: LatchkeyError): void {
    // A question that Latchkey refuses says nothing about other questions.
    if (error.status === 400 || error.status === 404) return;
    failures++;
    if (failures < failuresBeforePause && error.retryAfter === undefined) return;
    const at = now();
    paused = { from: at, until: at + Math.min(longestPause, Math.max(shortestPause, error.retryAfter ?? 0)) };
  }

  const isPaused = (at: number) => paused.from <= at && at < paused.until;

  function standIn<Body>(held: Held | undefined): Found<Body> {
    return held && mayStandIn(held, now(), staleIfErrorMs) ? { body: held.body as Body, from: "stale" } : null;
  }

  async function heard<Body>(
    { tenant, path, read, alsoAnswers = [], lifeUnlessTold = 0 }: Question<Body>,
    held: Held | undefined,
  ): Promise<Held> {
    const askedAt = now();
    const { status, json, etag, life } = await ask(transport, path, held?.etag ?? null, alsoAnswers);
    const same = status === 304 ? held : undefined;
    const reading = same ?? read(json, status);
    if (!reading)
      throw latchkeyError("invalid_answer", "What answered is no Latchkey, or one of another version: its answer has another form.");
    const { validUntil } = reading;
    const freshUntil = Math.min(askedAt + (life ?? lifeUnlessTold), validUntil ?? Number.POSITIVE_INFINITY);
    return { tenant, body: freeze(reading.body), etag: etag ?? same?.etag ?? null, askedAt, freshUntil, validUntil };
  }

  async function fetchAnswer<Body>(question: Question<Body>, held: Held | undefined): Promise<Found<Body>> {
    const asked = generation;
    try {
      let got = await heard(question, held);
      // It was overtaken on its way by the instant that ends it.
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
    /** From memory alone; undefined when it would have to be asked. */
    fresh<Body>(path: string): Body | undefined {
      const held = cache.get(path);
      return held && isFresh(held, now()) ? (held.body as Body) : undefined;
    },
    /** What is held of a question and may still be used while Latchkey is away. */
    standIn: <Body>(path: string) => standIn<Body>(cache.get(path))?.body,
    /** Null: neither Latchkey nor memory has an answer. Never rejects. */
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
    /** Null: of all tenants. */
    forget(tenant: string | null): void {
      generation++;
      asking.clear();
      cache.forget(tenant);
    },
  };
}
