import type { Logger } from "pino";
import { type FlagDefinitionCacheData, type FlagDefinitionCacheProvider, PostHog } from "posthog-node";
import { scrubber } from "./scrub.server";
import type { PosthogSettings } from "./settings.server";

/**
 * After 402 (quota used up) the SDK drops its definitions but keeps their tag, so that the 304 that follows leaves it
 * without any for ever. Told 429 instead it keeps what it has and asks less often.
 */
const keepDefinitions = (response: Response) =>
  response.status === 402 ? new Response(response.body, { status: 429, headers: response.headers }) : response;

/** The SDK throws away what PostHog refused for the moment, and keeps what met a broken network: so that is what it is told. */
function keepEvents(response: Response): Response {
  if (response.status < 500 && ![402, 408, 429].includes(response.status)) return response;
  void response.body?.cancel();
  throw new TypeError(`PostHog takes no events at the moment (${response.status})`);
}

const carefulFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  const { pathname } = new URL(String(input));
  if (pathname === "/flags/definitions") return keepDefinitions(response);
  return pathname === "/batch/" ? keepEvents(response) : response;
};

/** Events that could not be sent wait for the next event to be sent along with; on a quiet day for this long, in milliseconds. */
const tryAgainAfter = 30_000;

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

/** The one client of this process. Throws when the SDK took the settings as "disabled": it would drop everything in silence. */
export function createClient(
  settings: PosthogSettings,
  definitions: FlagDefinitionCacheProvider<FlagDefinitionCacheData>,
  log: Logger,
): PostHog {
  const client = new PostHog(settings.projectKey, {
    host: settings.host,
    ...(settings.secretKey === null ? {} : { secretKey: settings.secretKey, flagDefinitionCacheProvider: definitions }),
    enableLocalEvaluation: settings.secretKey !== null,
    featureFlagsPollingInterval: settings.pollInterval,
    featureFlagsRequestTimeoutMs: settings.flagTimeout,
    featureFlagsRequestMaxRetries: 0,
    disableGeoip: settings.disableGeoip,
    enableExceptionAutocapture: settings.exceptionAutocapture,
    maxQueueSize: 10_000,
    before_send: scrubber(settings),
    fetch: carefulFetch as never,
  });
  if (client.isDisabled) throw new Error("posthog-node took the settings as disabled");
  if (settings.debug) client.debug(true);
  sendAgainLater(client);
  if (settings.errorMode !== "ignore") client.on("error", (err: unknown) => log.warn({ err }, "PostHog"));
  return client;
}
