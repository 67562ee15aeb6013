import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { type AnswerQuestion, answer, type Readings } from "~/core/answer";
import { answerText, type Told, tell } from "~/core/answer-text";
import type { Decision } from "~/core/decide";
import type { Instant } from "~/core/model";
import type { CheckCounts, Tally } from "./check-counts.server";
import { type FactsCache, FactsUnavailable, type Held } from "./facts-cache.server";
import { type FlagState, noFlags } from "./posthog/flag-readings";
import type { Flags } from "./posthog/flags.server";
import type { Asker } from "./posthog/user-budget.server";
import { noUsage, type UsageCache, type UsageState, usedOf } from "./usage-cache.server";

/** All that answers about one tenant are made from, as it is known now. */
export type Ground = {
  tenant: string;
  held: Held;
  flags: FlagState;
  usage: UsageState;
  user: string | undefined;
  /** What it is for; null: any. */
  features: readonly string[] | null;
  /** The budget that questions about the user are charged to. */
  asker: Asker;
};

/** One answer, ready to be sent for as long as nothing changes that it was made from. */
export type Prepared = {
  ground: Ground;
  catalogue: object;
  isStale: boolean;
  body: string;
  /** Quoted; equal bytes have equal tags. */
  etag: string;
  /** The answer is one for this instant and those up to `validUntil`: a clock that jumps back asks again. */
  madeAt: Instant;
  validUntil: Instant | null;
  /** Null: all features were asked for, which counts once under its own name. */
  decisions: Decision[] | null;
  tally?: Tally;
  sending?: Sending;
};

/** What whoever sends an answer makes of it, once. `head` is flat: node:http takes several times as long to read an object. */
export type Sending = { head: string[]; encoding: "latin1" | "utf8" };

type Made = Pick<Prepared, "ground" | "catalogue" | "isStale" | "madeAt" | "validUntil">;

/** `question` names all that is asked, for `known`. `features` null: all that are listed. */
export type Asked = { question: string; tenant: string; features: string[] | null; user?: string; requested?: number; asker?: Asker };

/** What a prepared answer takes in bytes: its question, the entry itself, and twice its body, since decisions are about as large. */
const sizeOf = ({ body }: Prepared, question: string) => question.length + body.length * 2 + 600;

export type Checks = ReturnType<typeof createChecks>;

export type CheckParts = {
  facts: FactsCache;
  flags: Pick<Flags, "of" | "peek">;
  usage: UsageCache;
  counts: CheckCounts;
  now: () => Instant;
  /** What prepared answers may take. */
  bytes: number;
};

/** The check path: facts in memory, one decision function, and its answers kept while they are true. */
export function createChecks({ facts, flags, usage, counts, now, bytes }: CheckParts) {
  const answers = new LRUCache<string, Prepared>({ maxSize: bytes, sizeCalculation: sizeOf });

  const stats = { hits: 0, misses: 0, allowed: 0, refused: 0, all: 0 };

  function isTrue({ ground, catalogue, isStale, madeAt, validUntil }: Made, at: Instant, asker = ground.asker): boolean {
    const { held, user } = ground;
    return (
      held === facts.peek(ground.tenant) &&
      catalogue === facts.catalogue() &&
      isStale === facts.isStale() &&
      ground.flags === flags.peek(held.facts, user, ground.features, asker) &&
      ground.usage === usage.peek(held.facts) &&
      at >= madeAt &&
      (validUntil === null || at < validUntil)
    );
  }

  /** At once when all is in memory. Throws (or rejects with) FactsUnavailable. */
  function ground(
    tenant: string,
    user?: string,
    features: readonly string[] | null = null,
    asker: Asker = "server",
  ): Ground | Promise<Ground> {
    if (facts.isStale() && hasUnknown(features)) {
      return Promise.reject(new FactsUnavailable("The database cannot be read, and the feature may be new."));
    }
    const held = facts.tenant(tenant);
    const asked = { tenant, user, features, asker };
    return held instanceof Promise ? held.then((h) => groundOf(asked, h)) : groundOf(asked, held);
  }

  /** While memory may be behind, a feature that is not there may have been created meanwhile. */
  function hasUnknown(features: readonly string[] | null): boolean {
    const catalogue = facts.catalogue();
    return features?.some((key) => !catalogue.features.has(key)) === true;
  }

  function groundOf(asked: Pick<Ground, "tenant" | "user" | "features" | "asker">, held: Held): Ground | Promise<Ground> {
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

  /** What a decision needs to know besides the facts. */
  function readings({ held, flags, usage }: Ground, at: Instant): Readings {
    const catalogue = facts.catalogue();
    const used = (key: string) => {
      const feature = catalogue.features.get(key);
      return feature?.type === "metered" && held.facts ? usedOf(usage, feature, held.facts, at) : undefined;
    };
    return { flag: (key) => flags.readings.get(key), usage: used };
  }

  function questionTo({ tenant, held }: Ground, features: string[] | null, at: Instant, requested?: number): AnswerQuestion {
    return { key: tenant, tenant: held.facts, catalogue: facts.catalogue(), features, now: at, requested };
  }

  /** The answer as data; it is not counted as a check. `features` null: all that are listed. */
  function answerFrom(ground: Ground, features: string[] | null, at: Instant, requested?: number) {
    return answer(questionTo(ground, features, at, requested), readings(ground, at), facts.isStale());
  }

  function prepare({ question, features, requested }: Asked, on: Ground): Prepared {
    const madeAt = now();
    const { text, decisions, validUntil } = answerText(questionTo(on, features, madeAt, requested), readings(on, madeAt), facts.isStale());
    const etag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
    stats.misses += 1;
    const madeFrom = { ground: on, catalogue: facts.catalogue(), isStale: facts.isStale() };
    const made: Prepared = { ...madeFrom, body: text, etag, madeAt, validUntil, decisions: features === null ? null : decisions };
    answers.set(question, made);
    return made;
  }

  return {
    /** What was answered to exactly this question, if it is still true. Call `facts.look()` before. */
    known(question: string, at = now(), asker: Asker = "server"): Prepared | undefined {
      const prepared = answers.get(question);
      if (!prepared || !isTrue(prepared, at, asker)) return undefined;
      stats.hits += 1;
      return prepared;
    },
    /** Throws FactsUnavailable. */
    ask(asked: Asked): Prepared | Promise<Prepared> {
      const on = ground(asked.tenant, asked.user, asked.features, asked.asker);
      return on instanceof Promise ? on.then((g) => prepare(asked, g)) : prepare(asked, on);
    },
    isStillTrue: (made: Made) => isTrue(made, now()),
    ground,
    readings,
    answerFrom,
    /** Entries of an answer as JSON, one for each feature in that order; they are not counted as checks. */
    tellFrom(ground: Ground, features: string[], at: Instant, requested?: number): Told[] {
      return tell(questionTo(ground, features, at, requested), readings(ground, at));
    },
    /** For pages and the command line. */
    async preview(tenant: string, features: string[] | null, at = now()) {
      await facts.look();
      const on = await ground(tenant);
      const { body, decisions } = answerFrom(on, features, at);
      return { body, decisions, held: on.held };
    },
    /** Of tenants that exist. */
    count(made: Pick<Prepared, "ground" | "decisions" | "tally">, at = now()): void {
      const { ground, decisions, tally } = made;
      if (decisions === null) stats.all += 1;
      else for (const { entitled } of decisions) stats[entitled ? "allowed" : "refused"] += 1;
      if (ground.held.facts === null) return;
      if (tally && counts.countAgain(tally, at)) return;
      const rows = decisions ? counts.count(ground.tenant, decisions, at) : counts.countAll(ground.tenant, at);
      made.tally = counts.tallyOf(rows, at);
    },
    /** Since this process started. */
    stats: () => stats,
  };
}
