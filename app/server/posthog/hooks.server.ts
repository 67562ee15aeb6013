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

const isTags = (value: unknown): value is Tags =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Promise);

/** The hooks of `posthog.config.ts`, which can neither break a request nor hand it something of the wrong kind. */
export function guardHooks(log: Logger, hooks: PosthogHooks = posthogHooks) {
  function call<T>(name: keyof PosthogHooks, work: () => T, otherwise: T): T {
    try {
      return work();
    } catch (err) {
      log.warn({ err, hook: name }, "a hook in posthog.config.ts failed; going on without it");
      return otherwise;
    }
  }
  return {
    isWanted: (request: HookRequest): boolean => call("requestFilter", () => hooks.requestFilter?.(request) !== false, true),
    extraTags(request: HookRequest): Tags {
      const tags = call("extraTags", () => hooks.extraTags?.(request), null);
      return isTags(tags) ? { ...tags } : {};
    },
    mapTags(tags: Tags): Tags {
      const mapped = call("tagMap", () => hooks.tagMap?.({ ...tags }), undefined);
      return isTags(mapped) ? { ...mapped } : tags;
    },
    groupOfAdmin(admin: { id: string; email: string }): string | null {
      const key = call("groupOfAdmin", () => hooks.groupOfAdmin?.(admin), null);
      return typeof key === "string" && key !== "" ? key : null;
    },
  };
}
export type GuardedHooks = ReturnType<typeof guardHooks>;
