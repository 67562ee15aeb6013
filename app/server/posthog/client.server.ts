import type { PostHog, PostHogOptions } from "posthog-node";
import { scrubber } from "./events/scrub.server";
import type { FlagDefinitions } from "./flags/flag-definitions.server";
import { QuietPostHog } from "./quiet-client.server";
import type { PosthogSettings } from "./settings.server";
import type { TroubleLog } from "./trouble-log.server";

/** Statuses that concern the moment or our key rather than the events. */
const isForNow = (status: number) => status >= 500 || [401, 402, 403, 408, 429].includes(status);

/**
 * The SDK drops events that PostHog refused and keeps events that met a network error. A refusal that may pass is
 * therefore reported as a network error.
 */
function keepEvents(response: Response): Response {
  if (!isForNow(response.status)) return response;
  void response.body?.cancel();
  throw new TypeError(`PostHog takes no events at the moment (${response.status})`);
}

const carefulFetch =
  (definitions: FlagDefinitions, cutOff: AbortSignal): typeof fetch =>
  async (input, init = {}) => {
    const { pathname } = new URL(String(input));
    if (pathname === "/flags/definitions") return definitions.fetchThrough(() => fetch(input, init));
    if (pathname !== "/batch/") return fetch(input, init);
    const signal = init.signal ? AbortSignal.any([init.signal, cutOff]) : cutOff;
    return keepEvents(await fetch(input, { ...init, signal }));
  };

/** Unsent events are normally sent with the next event. On a quiet day they are retried after this delay, in ms. */
const tryAgainAfter = 10_000;

function sendAgainLater(client: PostHog): void {
  let isWaiting = false;
  const again = () => {
    isWaiting = false;
    client.flush().catch(() => {}); // Reported by another "error" event.
  };
  client.on("error", () => {
    if (!isWaiting) setTimeout(again, tryAgainAfter).unref();
    isWaiting = true;
  });
}

function reportErrors(client: PostHog, trouble: TroubleLog): void {
  client.on("error", (err: unknown) => {
    const name = err instanceof Error ? err.name : "";
    if (name === "PostHogFetchNetworkError") trouble.lasts("events", { err }, "PostHog takes no events at the moment; they wait in memory");
    else if (name === "PostHogFetchHttpError") trouble.lasts("refusal", { err }, "PostHog refused events; they are left out");
    // Failed loads of definitions are reported where they are fetched.
    else if (name !== "ClientError") trouble.lasts(String(err), { err }, "posthog-node met trouble");
  });
  client.on("flush", () => {
    for (const what of ["events", "refusal"]) trouble.isOver(what, "PostHog takes events again");
  });
}

/** Cached definitions apply immediately; current ones are requested right after. */
function askWhatCountsNow(client: PostHog, { isFromKept }: FlagDefinitions): void {
  const forget = client.on("localEvaluationFlagsLoaded", () => {
    forget();
    // The SDK still has this load in flight and would join it.
    if (isFromKept()) setImmediate(() => void client.reloadFeatureFlags());
  });
}

/**
 * Creates the process's only client. Throws if the SDK treats the settings as disabled, because it would then drop
 * events silently.
 */
export function createClient(settings: PosthogSettings, definitions: FlagDefinitions, trouble: TroubleLog): PostHog {
  const cutOff = new AbortController();
  const options: PostHogOptions = {
    host: settings.host,
    ...(settings.secretKey === null ? {} : { secretKey: settings.secretKey, flagDefinitionCacheProvider: definitions.provider }),
    enableLocalEvaluation: settings.secretKey !== null,
    featureFlagsPollingInterval: settings.pollInterval,
    featureFlagsRequestTimeoutMs: settings.flagTimeout,
    featureFlagsRequestMaxRetries: 0,
    // We retry unsent events ourselves: the SDK's retries delay shutdown.
    fetchRetryCount: 0,
    disableGeoip: settings.disableGeoip,
    enableExceptionAutocapture: settings.exceptionAutocapture,
    maxQueueSize: 10_000,
    before_send: scrubber(settings),
    fetch: carefulFetch(definitions, cutOff.signal) as never,
  };
  const client = new QuietPostHog(settings.projectKey, options, cutOff);
  if (client.isDisabled) throw new Error("posthog-node took the settings as disabled");
  if (settings.debug) client.debug(true);
  sendAgainLater(client);
  reportErrors(client, trouble);
  askWhatCountsNow(client, definitions);
  return client;
}
