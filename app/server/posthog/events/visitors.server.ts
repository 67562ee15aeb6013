import { randomUUID } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type { Instant } from "~/core/model";
import type { Tags } from "~/core/posthog/request-tags";
import { isoTime } from "~/core/time";
import { keyOf } from "~/paths";
import type { Env } from "~/server/env.server";
import type { FactsCache } from "~/server/facts/facts-cache.server";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import type { GuardedHooks } from "./hooks.server";
import type { Requests } from "./request-context.server";
import type { BatchEvent } from "./send-batch.server";

/** A visitor who is not signed in, or was not when the request arrived. */
export type Visit = {
  /** Null if an admin is signed in. */
  readonly id: string | null;
  /** The Set-Cookie header of the response. */
  cookie: string | null;
};

type Person = { id: string; email: string; name: string; role: string };
type Where = Pick<Env, "publicUrl">;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const longest = 90 * 86_400; // seconds
/** Anonymous ids that were already linked to a person, so that a stale cookie cannot link them to another. */
const maxSpentVisits = 10_000;

const nameOf = ({ publicUrl }: Where) => (publicUrl?.startsWith("https:") ? "__Host-visitor" : "visitor");
/** HttpOnly: the page passes the id to posthog-js itself. */
function cookieOf(id: string, age: number, where: Where): string {
  const secure = where.publicUrl?.startsWith("https:") ? "; Secure" : "";
  return `${nameOf(where)}=${id}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Lax${secure}`;
}

function idIn(header: string | undefined, where: Where): string | null {
  const start = `${nameOf(where)}=`;
  const found = (header ?? "").split(";").flatMap((part) => (part.trim().startsWith(start) ? [part.trim().slice(start.length)] : []));
  const [id] = found;
  return found.length === 1 && id !== undefined && uuid.test(id) ? id : null;
}

type Parts = {
  settings: Pick<PosthogSettings, "groupType" | "disableGeoip">;
  hooks: GuardedHooks;
  requests: Requests;
  facts: FactsCache;
  now: () => Instant;
  log: Logger;
};

/** Events of a sign-in, and what to do once they are committed. */
export type SignInEvents = { events: BatchEvent[]; written: () => void };

/**
 * Keeps an anonymous id before sign-in and links it to the admin afterwards. It attributes events and authorizes
 * nothing.
 */
export function createVisitors({ settings, hooks, requests, facts, now, log }: Parts) {
  const spent = new LRUCache<string, true>({ max: maxSpentVisits });

  /** The groups of the admin, or of the tenant whose page they opened. */
  async function groupsOf(person: Person, goingTo: string | undefined): Promise<Record<string, string> | undefined> {
    const own = hooks.groupOfAdmin({ id: person.id, email: person.email });
    if (own !== null) return { [settings.groupType]: own };
    const tenant = tenantOf(goingTo);
    if (tenant === null || (await facts.tenant(tenant)).facts === null) return undefined;
    return { [settings.groupType]: tenant };
  }

  /** A slow database does not delay sign-in. */
  async function about(person: Person, goingTo: string | undefined): Promise<Tags> {
    try {
      const groups = await groupsOf(person, goingTo);
      return { ...requests.properties(), ...(groups ? { $groups: groups } : {}) };
    } catch (err) {
      log.warn({ err }, "a sign-in is told without its group and tags");
      return {};
    }
  }

  const event = (name: string, person: Person, properties: BatchEvent["properties"]): BatchEvent => ({
    event: name,
    distinct_id: person.id,
    uuid: randomUUID(),
    timestamp: isoTime(now()),
    properties: { ...properties, $lib: "latchkey", ...(settings.disableGeoip ? { $geoip_disable: true } : {}) },
  });

  return {
    /** `isPage` is true for full page loads, false for fetches and form posts. */
    meet(cookies: string | undefined, isSignedIn: boolean, isPage: boolean, where: Where): Visit {
      if (isSignedIn) return { id: null, cookie: null };
      const known = idIn(cookies, where);
      if (known !== null && !spent.has(known)) return { id: known, cookie: null };
      if (!isPage) return { id: null, cookie: null };
      const id = randomUUID();
      return { id, cookie: cookieOf(id, longest, where) };
    },

    /**
     * Links the anonymous visitor to the admin. PostHog merges the person of `alias` into that of `distinctId` and
     * refuses if the former is already identified, so the id is used once and the cookie is cleared.
     */
    async signingIn(visit: Visit, person: Person, where: Where, goingTo?: string): Promise<SignInEvents> {
      const { id } = visit;
      const events: BatchEvent[] = [];
      if (!requests.isFiltered()) {
        const { email, name, role } = person;
        const properties = { ...(await about(person, goingTo)), $set: requests.mapTags({ email, name, role }) };
        if (id !== null && !spent.has(id)) events.push(event("$create_alias", person, { distinct_id: person.id, alias: id }));
        events.push(event("user_logged_in", person, properties));
      }
      const written = () => {
        if (id === null) return;
        visit.cookie = cookieOf("", 0, where);
        if (events.length > 0) spent.set(id, true);
      };
      return { events, written };
    },
  };
}

function tenantOf(path: string | undefined): string | null {
  const [, part] = /^\/tenants\/([^/?#]+)/.exec(path ?? "") ?? [];
  if (part === undefined || part === "new") return null;
  try {
    return keyOf(decodeURIComponent(part));
  } catch {
    return null;
  }
}
