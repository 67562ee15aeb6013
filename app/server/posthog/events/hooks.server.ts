import type { Logger } from "pino";
import type { Tags } from "~/core/posthog/request-tags";
import { posthogHooks } from "../../../../posthog.config";

/** The request as a hook sees it, without credentials. */
export type HookRequest = {
  readonly door: "page" | "api";
  readonly method: string;
  /** Without the token of a one-time link. */
  readonly path: string;
  /** Returns undefined for headers that carry keys or cookies. */
  header(name: string): string | undefined;
  /** Null if no admin is signed in, or for API requests. */
  readonly admin: { readonly id: string; readonly email: string } | null;
};

export type PosthogHooks = {
  requestFilter?: (request: HookRequest) => boolean;
  extraTags?: (request: HookRequest) => Tags | null | undefined;
  tagMap?: (tags: Tags) => Tags;
  /** Returns the key of the group for an admin's own events. Defaults to the tenant whose page they opened, if any. */
  groupOfAdmin?: (admin: { readonly id: string; readonly email: string }) => string | null | undefined;
};

const isTags = (value: unknown): value is Tags => typeof value === "object" && value !== null && !Array.isArray(value);

/** Wraps the hooks of `posthog.config.ts`: they cannot fail a request, and unusable results are dropped. */
export function guardHooks(log: Logger, hooks: PosthogHooks = posthogHooks) {
  const say = (hook: keyof PosthogHooks, what: string, err?: unknown) =>
    log.warn({ hook, ...(err === undefined ? {} : { err }) }, `a hook in posthog.config.ts ${what}; going on without it`);

  /** Undefined if the hook returned nothing usable. */
  function call(name: keyof PosthogHooks, work: () => unknown): unknown {
    try {
      const said = work();
      if (!(said instanceof Promise)) return said ?? undefined;
      say(name, "returned a promise, which no request waits for");
      said.catch((err: unknown) => say(name, "failed", err));
    } catch (err) {
      say(name, "failed", err);
    }
    return undefined;
  }

  function tagsOf(name: keyof PosthogHooks, work: () => unknown): Tags | undefined {
    const said = call(name, work);
    if (said === undefined) return undefined;
    if (isTags(said)) return sendable(name, said);
    say(name, "returned something else than an object of tags");
    return undefined;
  }

  /** Drops tags that cannot be serialized as JSON, because one of them would fail the whole batch. */
  function sendable(name: keyof PosthogHooks, tags: Tags): Tags {
    const entries = Object.entries(tags).flatMap(([tag, value]) => {
      const text = call(name, () => JSON.stringify(value));
      return typeof text === "string" ? [[tag, JSON.parse(text)] as const] : [];
    });
    return Object.fromEntries(entries);
  }

  return {
    isWanted: (request: HookRequest): boolean => call("requestFilter", () => hooks.requestFilter?.(request)) !== false,
    extraTags: (request: HookRequest): Tags => tagsOf("extraTags", () => hooks.extraTags?.(request)) ?? {},
    mapTags: (tags: Tags): Tags => tagsOf("tagMap", () => hooks.tagMap?.({ ...tags })) ?? tags,
    groupOfAdmin(admin: { id: string; email: string }): string | null {
      const key = call("groupOfAdmin", () => hooks.groupOfAdmin?.(admin));
      if (key !== undefined && typeof key !== "string") say("groupOfAdmin", "returned something else than a tenant's key");
      return typeof key === "string" && key !== "" ? key : null;
    },
  };
}
export type GuardedHooks = ReturnType<typeof guardHooks>;
