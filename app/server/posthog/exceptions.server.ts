import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type { PostHog } from "posthog-node";
import type { Requests } from "./request-context.server";
import type { PosthogSettings } from "./settings.server";

/** By this the SDK's own listener for uncaught errors knows what was captured already. */
const mark = "__posthog_previously_captured_error";

/** A job that fails each second would say so each second: this often at once, then once in a minute. */
const mostAtOnce = 5;
const oneIn = 60_000; // ms
const mostJobs = 100;

type Parts = {
  settings: Pick<PosthogSettings, "captureRequestExceptions">;
  client: PostHog;
  requests: Requests;
  /** In ms, monotonic. */
  elapsed: () => number;
  log: Logger;
};

/** Each error object once, wherever it is met again on its way up. Nothing here throws: whoever calls raises the error as before. */
export function createExceptions({ settings, client, requests, elapsed, log }: Parts) {
  const seen = new WeakSet<object>();
  const jobs = new LRUCache<string, { left: number; at: number }>({ max: mostJobs });

  function capture(error: unknown, properties: Record<string, unknown>): void {
    if (typeof error === "object" && error !== null) {
      if (seen.has(error)) return;
      seen.add(error);
    }
    try {
      client.captureException(error, undefined, properties);
      if (error instanceof Error && Object.isExtensible(error)) Object.defineProperty(error, mark, { value: true });
    } catch (err) {
      log.debug({ err }, "an exception was not captured");
    }
  }

  function mayTell(job: string): boolean {
    const at = elapsed();
    const known = jobs.get(job) ?? { left: mostAtOnce, at };
    const left = Math.min(mostAtOnce, known.left + Math.max(0, at - known.at) / oneIn);
    jobs.set(job, { left: left >= 1 ? left - 1 : left, at });
    return left >= 1;
  }

  return {
    /** Met while a request is answered, inside its context. */
    ofRequest(error: unknown, status = 500): void {
      if (!settings.captureRequestExceptions || requests.isFiltered()) return;
      capture(error, { $response_status_code: status });
    },
    /** Met by work that nobody waits for. */
    ofJob(error: unknown, job: string): void {
      if (mayTell(job)) requests.outside(() => capture(error, { job }));
    },
  };
}
export type Exceptions = ReturnType<typeof createExceptions>;
