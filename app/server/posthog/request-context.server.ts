import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingHttpHeaders } from "node:http";
import { parseCookie } from "cookie";
import type { FastifyRequest } from "fastify";
import { type PostHog, readPostHogCookie } from "posthog-node";
import type { Instant, RequestTags } from "~/core/model";
import { cleanDistinctId, cleanId, shownAddress, type Tags, withoutEmpty } from "~/core/request-tags";
import type { Env } from "../env.server";
import type { GuardedHooks, HookRequest } from "./hooks.server";
import type { PosthogSettings } from "./settings.server";

/** A request as far as PostHog may hear of it. */
export type Incoming = {
  door: "page" | "api";
  method: string;
  /** Path and query as they came. */
  target: string;
  /** Scheme and host by which people reach this server. */
  origin: string;
  headers: IncomingHttpHeaders;
  /** Null: no proxy that we trust said where it comes from. */
  ip: string | null;
  admin: { id: string; email: string } | null;
  /** The anonymous id of somebody who is not signed in. */
  visitor: string | null;
};

type Ids = { distinctId?: string; sessionId?: string };
type Context = Ids & { properties: Tags };

/** After so long without a sign of life, and after so long in all, posthog-js begins another session, in milliseconds. */
const sessionIdle = 30 * 60_000;
const sessionLongest = 24 * 3_600_000;

/** Of a tag that is kept with a change, in characters. */
const maxTagLength = 1_000;

const closedHeaders = new Set(["authorization", "proxy-authorization", "cookie", "x-api-key"]);

type Parts = { settings: Pick<PosthogSettings, "projectKey">; client: PostHog; hooks: GuardedHooks; now: () => Instant };

/**
 * Whatever is captured while a request is answered says whose request it was. Ids are the sender's word: they attribute, and
 * give no right to anything.
 */
export function createRequests({ settings, client, hooks, now }: Parts) {
  const filtered = new AsyncLocalStorage<true>();

  function idsFrom({ headers, admin, visitor }: Incoming): Ids {
    const sessionId = cleanId(first(headers["x-posthog-session-id"]));
    const sentId = cleanDistinctId(first(headers["x-posthog-distinct-id"]));
    // Headers or the cookie: one request never mixes two identities.
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

  /** Null: the filter does not want it. */
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
    /** `signal`: when it aborts, what still runs on for itself no longer counts as part of the request. */
    run<T>(incoming: Incoming, work: () => T, signal?: AbortSignal): T {
      const context = contextOf(incoming);
      if (context === null) return filtered.run(true, work);
      return client.withContext(context, work, { fresh: true, signal });
    },
    /** For work that no request is the cause of, although one may have set it off. */
    outside: <T>(work: () => T): T => client.withContext({}, work, { fresh: true }),
    /** Of the request that is being answered, for what is captured by ourselves. */
    properties(): Tags {
      const { sessionId, properties = {} } = client.getContext() ?? {};
      return { ...properties, ...(sessionId === undefined ? {} : { $session_id: sessionId }) };
    },
    /** Session and address of the request that is being answered, for events that are made later of what it changed. */
    changeTags(): RequestTags | undefined {
      const { $session_id, $current_url } = this.properties();
      const texts = Object.entries({ $session_id, $current_url }).filter(([, value]) => typeof value === "string");
      return texts.length > 0 ? Object.fromEntries(texts.map(([tag, value]) => [tag, String(value).slice(0, maxTagLength)])) : undefined;
    },
    /** These tags after the tag map, which applies wherever a tag is sent, person properties included. */
    mapTags: (tags: Tags): Tags => hooks.mapTags(tags),
    isFiltered: () => filtered.getStore() === true,
  };
}
export type Requests = ReturnType<typeof createRequests>;

const first = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);

/** `ip` only where a proxy that we trust forwarded the request. */
export function incomingOf(
  request: FastifyRequest,
  { publicUrl, trustProxy }: Pick<Env, "publicUrl" | "trustProxy">,
  who: Pick<Incoming, "door" | "admin" | "visitor">,
): Incoming {
  const isForwarded = trustProxy !== false && (request.ips?.length ?? 0) > 1;
  return {
    ...who,
    method: request.method,
    target: request.raw.url ?? "/",
    origin: publicUrl ?? `${request.protocol}://${request.host}`,
    headers: request.headers,
    ip: isForwarded ? request.ip : null,
  };
}
