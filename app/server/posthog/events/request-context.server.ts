import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingHttpHeaders } from "node:http";
import { parseCookie } from "cookie";
import type { FastifyRequest } from "fastify";
import { type PostHog, readPostHogCookie } from "posthog-node";
import type { Instant, RequestTags } from "~/core/model";
import { cleanDistinctId, cleanId, shownAddress, type Tags, withoutEmpty } from "~/core/posthog/request-tags";
import { day, minute } from "~/core/time";
import type { Arrival } from "~/server/arrival.server";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import type { GuardedHooks, HookRequest } from "./hooks.server";

/** The parts of a request that may be sent to PostHog. */
export type Incoming = {
  door: "page" | "api";
  method: string;
  /** Path and query as received. */
  target: string;
  /** Scheme and host under which users reach this server. */
  origin: string;
  headers: IncomingHttpHeaders;
  /** Null unless a trusted proxy forwarded the request. */
  ip: string | null;
  admin: { id: string; email: string } | null;
  /** The anonymous id of a visitor who is not signed in. */
  visitor: string | null;
};

type Ids = { distinctId?: string; sessionId?: string };
type Context = Ids & { properties: Tags };

/** posthog-js starts a new session after this much inactivity and after this total length, both in ms. */
const sessionIdle = 30 * minute;
const sessionLongest = day;

/** Max length of a tag stored with a change, in characters. */
const maxTagLength = 1_000;

const closedHeaders = new Set(["authorization", "proxy-authorization", "cookie", "x-api-key"]);

type Parts = { settings: Pick<PosthogSettings, "projectKey">; client: PostHog; hooks: GuardedHooks; now: () => Instant };

/**
 * Attaches the request's identity to everything captured while it is answered. Ids come from the client: they attribute
 * events and authorize nothing.
 */
export function createRequests({ settings, client, hooks, now }: Parts) {
  const filtered = new AsyncLocalStorage<true>();

  function idsFrom({ headers, admin, visitor }: Incoming): Ids {
    const sessionId = cleanId(first(headers["x-posthog-session-id"]));
    const sentId = cleanDistinctId(first(headers["x-posthog-distinct-id"]));
    // Reads ids from headers or from the cookie, never from both, so that one request has one identity.
    const cookie = sessionId === undefined && sentId === undefined ? fromCookie(headers.cookie) : {};
    return {
      sessionId: sessionId ?? cookie.sessionId,
      distinctId: sentId ?? admin?.id ?? cookie.distinctId ?? visitor ?? undefined,
    };
  }

  function fromCookie(header: string | undefined): Ids {
    if (header === undefined) return {};
    const cookies = parseCookie(header);
    const state = readPostHogCookie(
      { get: (name) => (cookies[name] === undefined ? undefined : { value: cookies[name] }) },
      settings.projectKey,
    );
    if (state === null) return {};
    const { sessionLastActivityTimestamp: seen, sessionStartTimestamp: began = seen } = state;
    const isAlive = seen !== undefined && Math.abs(now() - seen) <= sessionIdle && Math.abs(now() - (began as number)) <= sessionLongest;
    return { distinctId: cleanDistinctId(state.distinctId), sessionId: isAlive ? cleanId(state.sessionId) : undefined };
  }

  function tagsOf(incoming: Incoming, path: string, query: string) {
    const { origin, method, headers, ip, admin } = incoming;
    const agent = cleanId(first(headers["user-agent"]));
    return withoutEmpty({
      $current_url: origin + path + query,
      $request_method: method,
      $request_path: path,
      $ip: ip,
      $user_agent: agent,
      $raw_user_agent: agent,
      admin_id: admin?.id,
      email: admin?.email,
    });
  }

  /** Null if the filter excludes the request. */
  function contextOf(incoming: Incoming): Context | null {
    const { path, query } = shownAddress(incoming.target);
    const { door, method, headers, admin } = incoming;
    const seen: HookRequest = {
      ...{ door, method, path, admin: admin && { id: admin.id, email: admin.email } },
      header: (name) => (closedHeaders.has(name.toLowerCase()) ? undefined : first(headers[name.toLowerCase()])),
    };
    if (!hooks.isWanted(seen)) return null;
    const tags = { ...tagsOf(incoming, path, query), ...withoutEmpty(hooks.extraTags(seen)) };
    return { ...idsFrom(incoming), properties: hooks.mapTags(tags) };
  }

  return {
    contextOf,
    /** Once `signal` aborts, work that still runs no longer counts as part of the request. */
    run<T>(incoming: Incoming, work: () => T, signal?: AbortSignal): T {
      const context = contextOf(incoming);
      if (context === null) return filtered.run(true, work);
      return client.withContext(context, work, { fresh: true, signal });
    },
    /** For work that is not caused by a request, even if one triggered it. */
    outside: <T>(work: () => T): T => client.withContext({}, work, { fresh: true }),
    /** Properties of the current request, for our own captures. */
    properties(): Tags {
      const { sessionId, properties = {} } = client.getContext() ?? {};
      return { ...properties, ...(sessionId === undefined ? {} : { $session_id: sessionId }) };
    },
    /** Session and URL of the current request, for events created later from its changes. */
    changeTags(): RequestTags | undefined {
      const { $session_id, $current_url } = this.properties();
      const texts = Object.entries({ $session_id, $current_url }).filter(([, value]) => typeof value === "string");
      return texts.length > 0 ? Object.fromEntries(texts.map(([tag, value]) => [tag, String(value).slice(0, maxTagLength)])) : undefined;
    },
    /** Applies the tag map, wherever tags are sent, person properties included. */
    mapTags: (tags: Tags): Tags => hooks.mapTags(tags),
    isFiltered: () => filtered.getStore() === true,
  };
}
export type Requests = ReturnType<typeof createRequests>;

const first = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);

export function incomingOf(
  request: FastifyRequest,
  { origin, ip, isForwarded }: Arrival,
  who: Pick<Incoming, "door" | "admin" | "visitor">,
): Incoming {
  const { method, headers } = request;
  return { ...who, method, target: request.raw.url ?? "/", origin, headers, ip: isForwarded ? ip : null };
}
