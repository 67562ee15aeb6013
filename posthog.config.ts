import type { PosthogHooks } from "./app/server/posthog/events/hooks.server";

/**
 * This installation's PostHog hooks. A hook that throws is logged and the request continues. Results are sent as they
 * are: omit what must not leave your systems.
 */
export const posthogHooks: PosthogHooks = {
  /** Return false to capture nothing of a request. */
  // requestFilter: (request) => !request.path.startsWith("/api/"),
  /** Added to the tags of every request; the same name replaces. */
  // extraTags: (request) => ({ region: request.header("x-region") }),
  /** Maps all tags last: its result is sent. */
  // tagMap: ({ email, ...tags }) => tags,
};
