import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type { PostHog } from "posthog-node";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import type { Requests } from "./request-context.server";

/** The property by which the SDK's handler of uncaught errors recognizes an error that was already captured. */
const mark = "__posthog_previously_captured_error";

/** Exceptions per job before the limit of one a minute applies. */
const maxBatchSize = 5;
const oneIn = 60_000; // ms
const maxJobs = 100;

type Parts = {
  settings: Pick<PosthogSettings, "captureRequestExceptions">;
  client: PostHog;
  requests: Requests;
  /** In ms, monotonic. */
  elapsed: () => number;
  log: Logger;
};

/** Captures each error object once, even if it is caught again further up. Never throws: callers rethrow the error. */
export function createExceptions({ settings, client, requests, elapsed, log }: Parts) {
  const seen = new WeakSet<object>();
  const jobs = new LRUCache<string, { left: number; at: number }>({ max: maxJobs });

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
    const known = jobs.get(job) ?? { left: maxBatchSize, at };
    const left = Math.min(maxBatchSize, known.left + Math.max(0, at - known.at) / oneIn);
    jobs.set(job, { left: left >= 1 ? left - 1 : left, at });
    return left >= 1;
  }

  return {
    /** Captures an error of a request, inside its context. */
    ofRequest(error: unknown, status = 500): void {
      if (!settings.captureRequestExceptions || requests.isFiltered()) return;
      capture(error, { $response_status_code: status });
    },
    /** Captures an error of background work. */
    ofJob(error: unknown, job: string): void {
      if (mayTell(job)) requests.outside(() => capture(error, { job }));
    },
  };
}
export type Exceptions = ReturnType<typeof createExceptions>;
