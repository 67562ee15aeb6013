import type { Logger } from "pino";
import type { PostHog } from "posthog-node";
import type { Requests } from "./request-context.server";
import type { PosthogSettings } from "./settings.server";

/** By this the SDK's own listener for uncaught errors knows what was captured already. */
const mark = "__posthog_previously_captured_error";

type Parts = { settings: Pick<PosthogSettings, "captureRequestExceptions">; client: PostHog; requests: Requests; log: Logger };

/** Each error object once, wherever it is met again on its way up. Nothing here throws: whoever calls raises the error as before. */
export function createExceptions({ settings, client, requests, log }: Parts) {
  const seen = new WeakSet<object>();

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

  return {
    /** Met while a request is answered, inside its context. */
    ofRequest(error: unknown, status = 500): void {
      if (!settings.captureRequestExceptions || requests.isFiltered()) return;
      capture(error, { $response_status_code: status });
    },
    /** Met by work that nobody waits for. */
    ofJob(error: unknown, job: string): void {
      requests.outside(() => capture(error, { job }));
    },
  };
}
export type Exceptions = ReturnType<typeof createExceptions>;
