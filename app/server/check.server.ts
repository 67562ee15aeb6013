import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { type Answer, answer } from "~/core/answer";
import type { Decision } from "~/core/decide";
import type { Instant } from "~/core/model";
import type { CheckCounts } from "./check-counts.server";
import type { FactsCache, Held } from "./facts-cache.server";

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
  isStale: boolean;
};

/** What a prepared answer holds besides its body, in bytes: tag, decisions, the entry itself. */
const overhead = 600;

export type Checks = ReturnType<typeof createChecks>;

/** The check path: facts in memory, one decision function, and its answers kept while they are true. */
export function createChecks(facts: FactsCache, counts: CheckCounts, now: () => Instant, bytes: number) {
  const answers = new LRUCache<string, Prepared>({ maxSize: bytes, sizeCalculation: ({ body }) => body.length * 2 + overhead });

  function isTrue(p: Prepared, at: Instant): boolean {
    const unchanged = p.held === facts.peek(p.tenant) && p.catalogue === facts.catalogue() && p.isStale === facts.isStale();
    return unchanged && (p.validUntil === null || at < p.validUntil);
  }

  function prepare(question: string, tenant: string, features: string[] | null, held: Held, at: Instant): Prepared {
    const catalogue = facts.catalogue();
    const isStale = facts.isStale();
    const { body, decisions, validUntil } = answer({ key: tenant, tenant: held.facts, catalogue, features, now: at }, {}, isStale);
    const text = JSON.stringify(body);
    const etag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
    const counted = features === null ? null : decisions;
    const made: Prepared = { tenant, body: text, etag, validUntil, decisions: counted, held, catalogue, isStale };
    answers.set(question, made);
    return made;
  }

  return {
    /** What was answered to exactly this question, if it is still true. Call `facts.look()` before. */
    known(question: string): Prepared | undefined {
      const prepared = answers.get(question);
      return prepared && isTrue(prepared, now()) ? prepared : undefined;
    },
    /** `question` names what is asked, for `known`. Throws FactsUnavailable. */
    ask(question: string, tenant: string, features: string[] | null): Prepared | Promise<Prepared> {
      const held = facts.tenant(tenant);
      if (held instanceof Promise) return held.then((h) => prepare(question, tenant, features, h, now()));
      return prepare(question, tenant, features, held, now());
    },
    /** The answer as data, for pages and the command line; it is not counted as a check. */
    async preview(tenant: string, features: string[] | null, at = now()): Promise<{ body: Answer; decisions: Decision[]; held: Held }> {
      await facts.look();
      const held = await facts.tenant(tenant);
      const catalogue = facts.catalogue();
      const made = answer({ key: tenant, tenant: held.facts, catalogue, features, now: at }, {}, facts.isStale());
      return { body: made.body, decisions: made.decisions, held };
    },
    count({ tenant, decisions }: Prepared): void {
      const at = now();
      if (decisions === null) counts.countAll(tenant, at);
      else for (const decision of decisions) counts.count(tenant, decision, at);
    },
  };
}
