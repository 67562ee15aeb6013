import type { Logger } from "pino";
import type { Tags } from "~/core/request-tags";
import { posthogHooks } from "../../../posthog.config";

/** What a hook sees of a request: nothing that opens doors. */
export type HookRequest = {
  readonly door: "page" | "api";
  readonly method: string;
  /** Without the token of a one-time link. */
  readonly path: string;
  /** Undefined also for the headers that carry keys and cookies. */
  header(name: string): string | undefined;
  /** Null: nobody is signed in, or a program asks. */
  readonly admin: { readonly id: string; readonly email: string } | null;
};

export type PosthogHooks = {
  requestFilter?: (request: HookRequest) => boolean;
  extraTags?: (request: HookRequest) => Tags | null | undefined;
  tagMap?: (tags: Tags) => Tags;
  /** The key of the group that an admin's own events belong to; by default that of the tenant they are on their way to, if any. */
  groupOfAdmin?: (admin: { readonly id: string; readonly email: string }) => string | null | undefined;
};

const isTags = (value: unknown): value is Tags => typeof value === "object" && value !== null && !Array.isArray(value);

/** The hooks of `posthog.config.ts`, which can neither break a request nor hand it something of the wrong kind. */
export function guardHooks(log: Logger, hooks: PosthogHooks = posthogHooks) {
  const say = (hook: keyof PosthogHooks, what: string, err?: unknown) =>
    log.warn({ hook, ...(err === undefined ? {} : { err }) }, `a hook in posthog.config.ts ${what}; going on without it`);

  /** Undefined where it gave nothing, or nothing that can be used. */
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

  /** Each as it will arrive. One that cannot be written as JSON would take all events along that are sent with it. */
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
