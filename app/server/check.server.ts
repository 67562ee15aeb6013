import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { type Answer, answer } from "~/core/answer";
import type { Decision } from "~/core/decide";
import type { Instant } from "~/core/model";
import type { CheckCounts } from "./check-counts.server";
import type { FactsCache, Held } from "./facts-cache.server";
import { type FlagState, type Flags, noFlags } from "./posthog/flags.server";

/** One answer, ready to be sent for as long as nothing changes that it was made from. */
export type Prepared = {
  tenant: string;
  body: string;
  /** Quoted; equal bytes have equal tags. */
  etag: string;
  validUntil: Instant | null;
  /** Null: all features were asked for, which counts once under its own name. */
  decisions: Decision[] | null;
  held: Held;
  catalogue: object;
  flags: FlagState;
  user: string | undefined;
  isStale: boolean;
};

/** `question` names all that is asked, for `known`. `features` null: all that are listed. */
export type Asked = { question: string; tenant: string; features: string[] | null; user?: string };

/** What a prepared answer holds besides its body, in bytes: tag, decisions, the entry itself. */
const overhead = 600;

export type Checks = ReturnType<typeof createChecks>;

/** The check path: facts in memory, one decision function, and its answers kept while they are true. */
export function createChecks(facts: FactsCache, flags: Pick<Flags, "of" | "peek">, counts: CheckCounts, now: () => Instant, bytes: number) {
  const answers = new LRUCache<string, Prepared>({ maxSize: bytes, sizeCalculation: ({ body }) => body.length * 2 + overhead });

  function isTrue(p: Prepared, at: Instant): boolean {
    const unchanged = p.held === facts.peek(p.tenant) && p.catalogue === facts.catalogue() && p.isStale === facts.isStale();
    return unchanged && p.flags === flags.peek(p.held.facts, p.user) && (p.validUntil === null || at < p.validUntil);
  }

  function prepare({ question, tenant, features, user }: Asked, held: Held, state: FlagState, at: Instant): Prepared {
    const catalogue = facts.catalogue();
    const isStale = facts.isStale();
    const flag = (key: string) => state.readings.get(key);
    const { body, decisions, validUntil } = answer({ key: tenant, tenant: held.facts, catalogue, features, now: at }, { flag }, isStale);
    const text = JSON.stringify(body);
    const etag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
    const counted = features === null ? null : decisions;
    const made: Prepared = { tenant, body: text, etag, validUntil, decisions: counted, held, catalogue, flags: state, user, isStale };
    answers.set(question, made);
    return made;
  }

  const stateOf = (held: Held, user: string | undefined) => (held.facts ? flags.of(held.facts, user) : noFlags.of());

  /** A tenant that is not in memory, or whose flags were never asked for. */
  async function askSlowly(asked: Asked): Promise<Prepared> {
    const held = await facts.tenant(asked.tenant);
    return prepare(asked, held, await stateOf(held, asked.user), now());
  }

  return {
    /** What was answered to exactly this question, if it is still true. Call `facts.look()` before. */
    known(question: string): Prepared | undefined {
      const prepared = answers.get(question);
      return prepared && isTrue(prepared, now()) ? prepared : undefined;
    },
    /** Throws FactsUnavailable. */
    ask(asked: Asked): Prepared | Promise<Prepared> {
      const held = facts.tenant(asked.tenant);
      const state = held instanceof Promise ? undefined : stateOf(held, asked.user);
      if (held instanceof Promise || state instanceof Promise || state === undefined) return askSlowly(asked);
      return prepare(asked, held, state, now());
    },
    /** The answer as data, for pages and the command line; it is not counted as a check. */
    async preview(tenant: string, features: string[] | null, at = now()): Promise<{ body: Answer; decisions: Decision[]; held: Held }> {
      await facts.look();
      const held = await facts.tenant(tenant);
      const { readings } = await stateOf(held, undefined);
      const catalogue = facts.catalogue();
      const flag = (key: string) => readings.get(key);
      const made = answer({ key: tenant, tenant: held.facts, catalogue, features, now: at }, { flag }, facts.isStale());
      return { body: made.body, decisions: made.decisions, held };
    },
    /** A tenant or feature that does not exist is not counted: there would be no end to the names. */
    count({ tenant, decisions, held }: Prepared): void {
      if (held.facts === null) return;
      const at = now();
      if (decisions === null) counts.countAll(tenant, at);
      else for (const decision of decisions) if (decision.type !== null) counts.count(tenant, decision, at);
    },
  };
}
