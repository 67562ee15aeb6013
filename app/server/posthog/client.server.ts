import type { PostHog, PostHogOptions } from "posthog-node";
import type { FlagDefinitions } from "./flag-definitions.server";
import { QuietPostHog } from "./quiet-client.server";
import { scrubber } from "./scrub.server";
import type { PosthogSettings } from "./settings.server";
import type { TroubleLog } from "./trouble-log.server";

/** What says something of the moment, or of our key, and nothing of the events. */
const isForNow = (status: number) => status >= 500 || [401, 402, 403, 408, 429].includes(status);

/** The SDK throws away what PostHog refused, and keeps what met a broken network: so that is what it is told. */
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

/** Events that could not be sent wait for the next event to be sent along with; on a quiet day for this long, in milliseconds. */
const tryAgainAfter = 10_000;

function sendAgainLater(client: PostHog): void {
  let isWaiting = false;
  const again = () => {
    isWaiting = false;
    client.flush().catch(() => {}); // heard as another "error"
  };
  client.on("error", () => {
    if (!isWaiting) setTimeout(again, tryAgainAfter).unref();
    isWaiting = true;
  });
}

function tellTrouble(client: PostHog, trouble: TroubleLog): void {
  client.on("error", (err: unknown) => {
    const name = err instanceof Error ? err.name : "";
    if (name === "PostHogFetchNetworkError") trouble.lasts("events", { err }, "PostHog takes no events at the moment; they wait in memory");
    else if (name === "PostHogFetchHttpError") trouble.lasts("refusal", { err }, "PostHog refused events; they are left out");
    // Of definitions that do not come is told where they are fetched.
    else if (name !== "ClientError") trouble.lasts(String(err), { err }, "posthog-node met trouble");
  });
  client.on("flush", () => {
    for (const what of ["events", "refusal"]) trouble.isOver(what, "PostHog takes events again");
  });
}

/** Definitions that were kept count at once; what counts now is asked right after. */
function askWhatCountsNow(client: PostHog, { isFromKept }: FlagDefinitions): void {
  const forget = client.on("localEvaluationFlagsLoaded", () => {
    forget();
    // The SDK still has this load under way and would join it.
    if (isFromKept()) setImmediate(() => void client.reloadFeatureFlags());
  });
}

/** The one client of this process. Throws when the SDK took the settings as "disabled": it would drop everything in silence. */
export function createClient(settings: PosthogSettings, definitions: FlagDefinitions, trouble: TroubleLog): PostHog {
  const cutOff = new AbortController();
  const options: PostHogOptions = {
    host: settings.host,
    ...(settings.secretKey === null ? {} : { secretKey: settings.secretKey, flagDefinitionCacheProvider: definitions.provider }),
    enableLocalEvaluation: settings.secretKey !== null,
    featureFlagsPollingInterval: settings.pollInterval,
    featureFlagsRequestTimeoutMs: settings.flagTimeout,
    featureFlagsRequestMaxRetries: 0,
    // What could not be sent is tried again by us: the SDK's own tries hold a process up that wants to end.
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
  tellTrouble(client, trouble);
  askWhatCountsNow(client, definitions);
  return client;
}
