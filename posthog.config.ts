import type { PosthogHooks } from "./app/server/posthog/hooks.server";

/**
 * What PostHog is told of a request, for this installation. A hook that throws is logged, and the request goes on without it.
 * What a hook returns is sent as it is: leave out what must not leave the house.
 */
export const posthogHooks: PosthogHooks = {
  /** False: this request has no context, and nothing of it is captured. */
  // requestFilter: (request) => !request.path.startsWith("/api/"),
  /** Added to the tags of every request; the same name replaces. */
  // extraTags: (request) => ({ region: request.header("x-region") }),
  /** Has the last word: what it returns are the tags. */
  // tagMap: ({ email, ...tags }) => tags,
};
