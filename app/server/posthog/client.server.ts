import type { Logger } from "pino";
import { type FlagDefinitionCacheData, type FlagDefinitionCacheProvider, PostHog } from "posthog-node";
import type { PosthogSettings } from "./settings.server";

/**
 * After 402 (quota used up) the SDK drops its definitions but keeps their tag, so that the 304 that follows leaves it
 * without any for ever. Told 429 instead it keeps what it has and asks less often.
 */
const fetchThatKeepsDefinitions: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  if (response.status !== 402 || !String(input).includes("/flags/definitions")) return response;
  return new Response(response.body, { status: 429, headers: response.headers });
};

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
    fetch: fetchThatKeepsDefinitions as never,
  });
  if (client.isDisabled) throw new Error("posthog-node took the settings as disabled");
  if (settings.debug) client.debug(true);
  if (settings.errorMode !== "ignore") client.on("error", (err: unknown) => log.warn({ err }, "PostHog"));
  return client;
}
