import { LRUCache } from "lru-cache";
import { type AnswerQuestion, answer, type Readings } from "~/core/decision/answer";
import { answerText, type SerializedAnswer, serialize } from "~/core/decision/answer-json";
import type { Decision } from "~/core/decision/decide";
import type { Instant } from "~/core/model";
import { type CachedTenant, type FactsCache, FactsUnavailable } from "~/server/facts/facts-cache.server";
import { type FlagState, noFlags } from "~/server/posthog/flags/flag-readings";
import type { Flags } from "~/server/posthog/flags/flags.server";
import type { Asker } from "~/server/posthog/flags/user-budget.server";
import { shortHash } from "~/server/random.server";
import { noUsage, type UsageCache, type UsageState, usedOf } from "~/server/usage/usage-cache.server";
import type { CheckCounts, CountBuffer } from "./check-counts.server";

/** Everything that one tenant's answers are computed from. */
export type TenantContext = {
  tenant: string;
  held: CachedTenant;
  flags: FlagState;
  usage: UsageState;
  user: string | undefined;
  /** The requested features; null means any. */
  features: readonly string[] | null;
  /** The budget charged for flag requests about the user. */
  asker: Asker;
};

/** A serialized answer, reusable until something it was computed from changes. */
export type Prepared = {
  context: TenantContext;
  catalogue: object;
  isStale: boolean;
  body: string;
  /** Quoted. Equal bodies have equal tags. */
  etag: string;
  /** The answer holds from this instant until `validUntil`. A clock that steps back evaluates again. */
  madeAt: Instant;
  validUntil: Instant | null;
  /** Null if all features were requested, which counts once under its own name. */
  decisions: Decision[] | null;
  countBuffer?: CountBuffer;
  sending?: Sending;
};

/** Computed once by the sender. `head` is flat, because node:http takes several times as long for an object. */
export type Sending = { head: string[]; encoding: "latin1" | "utf8" };

type Made = Pick<Prepared, "context" | "catalogue" | "isStale" | "madeAt" | "validUntil">;

/** `question` is the cache key of everything that was requested. `features` null means all listed features. */
export type Asked = { question: string; tenant: string; features: string[] | null; user?: string; requested?: number; asker?: Asker };

/** Size of a cached answer in bytes: its key, the entry, and twice its body, because decisions are about as large. */
const sizeOf = ({ body }: Prepared, question: string) => question.length + body.length * 2 + 600;

export type Checks = ReturnType<typeof createChecks>;

export type CheckParts = {
  facts: FactsCache;
  flags: Pick<Flags, "of" | "peek">;
  usage: UsageCache;
  counts: CheckCounts;
  now: () => Instant;
  /** Max bytes of cached answers. */
  bytes: number;
};

/** The check path: cached facts, one decision function, and cached answers. */
export function createChecks({ facts, flags, usage, counts, now, bytes }: CheckParts) {
  const answers = new LRUCache<string, Prepared>({ maxSize: bytes, sizeCalculation: sizeOf });

  const stats = { hits: 0, misses: 0, allowed: 0, refused: 0, all: 0 };

  function isTrue({ context, catalogue, isStale, madeAt, validUntil }: Made, at: Instant, asker = context.asker): boolean {
    const { held, user } = context;
    return (
      held === facts.peek(context.tenant) &&
      catalogue === facts.catalogue() &&
      isStale === facts.isStale() &&
      context.flags === flags.peek(held.facts, user, context.features, asker) &&
      context.usage === usage.peek(held.facts) &&
      at >= madeAt &&
      (validUntil === null || at < validUntil)
    );
  }

  /** Synchronous if everything is cached. Throws (or rejects with) FactsUnavailable. */
  function context(
    tenant: string,
    user?: string,
    features: readonly string[] | null = null,
    asker: Asker = "server",
  ): TenantContext | Promise<TenantContext> {
    if (facts.isStale() && hasUnknown(features)) {
      return Promise.reject(new FactsUnavailable("The database cannot be read, and the feature may be new."));
    }
    const held = facts.tenant(tenant);
    const asked = { tenant, user, features, asker };
    return held instanceof Promise ? held.then((h) => contextOf(asked, h)) : contextOf(asked, held);
  }

  /** A feature missing from a stale cache may exist in the database. */
  function hasUnknown(features: readonly string[] | null): boolean {
    const catalogue = facts.catalogue();
    return features?.some((key) => !catalogue.features.has(key)) === true;
  }

  function contextOf(
    asked: Pick<TenantContext, "tenant" | "user" | "features" | "asker">,
    held: CachedTenant,
  ): TenantContext | Promise<TenantContext> {
    if (held.facts === null) return { ...asked, held, flags: noFlags.of(), usage: noUsage };
    const [f, u] = [flags.of(held.facts, asked.user, asked.features, asked.asker), usage.of(held.facts)];
    if (!(f instanceof Promise) && !(u instanceof Promise)) return { ...asked, held, flags: f, usage: u };
    return Promise.all([f, u]).then(
      ([f, u]) => ({ ...asked, held, flags: f, usage: u }),
      (cause) => {
        throw new FactsUnavailable("The database cannot be read and this tenant is not in memory.", { cause });
      },
    );
  }

  /** Inputs of a decision besides the facts. */
  function readings({ held, flags, usage }: TenantContext, at: Instant): Readings {
    const catalogue = facts.catalogue();
    const used = (key: string) => {
      const feature = catalogue.features.get(key);
      return feature?.type === "metered" && held.facts ? usedOf(usage, feature, held.facts, at) : undefined;
    };
    return { flag: (key) => flags.readings.get(key), usage: used };
  }

  function questionTo({ tenant, held }: TenantContext, features: string[] | null, at: Instant, requested?: number): AnswerQuestion {
    return { key: tenant, tenant: held.facts, catalogue: facts.catalogue(), features, now: at, requested };
  }

  /** The answer as an object, not counted as a check. `features` null means all listed features. */
  function answerFrom(context: TenantContext, features: string[] | null, at: Instant, requested?: number) {
    return answer(questionTo(context, features, at, requested), readings(context, at), facts.isStale());
  }

  function prepare({ question, features, requested }: Asked, on: TenantContext): Prepared {
    const madeAt = now();
    const { text, decisions, validUntil } = answerText(questionTo(on, features, madeAt, requested), readings(on, madeAt), facts.isStale());
    const etag = `"${shortHash(text)}"`;
    stats.misses += 1;
    const madeFrom = { context: on, catalogue: facts.catalogue(), isStale: facts.isStale() };
    const made: Prepared = { ...madeFrom, body: text, etag, madeAt, validUntil, decisions: features === null ? null : decisions };
    answers.set(question, made);
    return made;
  }

  return {
    /** The cached answer to this request, if still valid. Call `facts.look()` first. */
    known(question: string, at = now(), asker: Asker = "server"): Prepared | undefined {
      const prepared = answers.get(question);
      if (!prepared || !isTrue(prepared, at, asker)) return undefined;
      stats.hits += 1;
      return prepared;
    },
    /** Throws FactsUnavailable. */
    ask(asked: Asked): Prepared | Promise<Prepared> {
      const on = context(asked.tenant, asked.user, asked.features, asked.asker);
      return on instanceof Promise ? on.then((g) => prepare(asked, g)) : prepare(asked, on);
    },
    isStillTrue: (made: Made) => isTrue(made, now()),
    context,
    readings,
    answerFrom,
    /** Entries of an answer as JSON, one per feature in order, not counted as checks. */
    serializeFrom(context: TenantContext, features: string[], at: Instant, requested?: number): SerializedAnswer[] {
      return serialize(questionTo(context, features, at, requested), readings(context, at));
    },
    /** For pages and the command line. */
    async preview(tenant: string, features: string[] | null, at = now()) {
      await facts.look();
      const on = await context(tenant);
      const { body, decisions } = answerFrom(on, features, at);
      return { body, decisions, held: on.held };
    },
    /** For existing tenants. */
    count(made: Pick<Prepared, "context" | "decisions" | "countBuffer">, at = now()): void {
      const { context, decisions, countBuffer } = made;
      if (decisions === null) stats.all += 1;
      else for (const { entitled } of decisions) stats[entitled ? "allowed" : "refused"] += 1;
      if (context.held.facts === null) return;
      if (countBuffer && counts.countAgain(countBuffer, at)) return;
      const rows = decisions ? counts.count(context.tenant, decisions, at) : counts.countAll(context.tenant, at);
      made.countBuffer = counts.countBufferOf(rows, at);
    },
    /** Since the process started. */
    stats: () => stats,
  };
}
