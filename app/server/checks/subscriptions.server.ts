import { createHash } from "node:crypto";
import type { Logger } from "pino";
import type { Decision } from "~/core/decision/decide";
import type { Instant } from "~/core/model";
import { type FactsCache, FactsUnavailable } from "~/server/facts/facts-cache.server";
import type { Checks, Prepared } from "./check.server";

/** `mark` changes with every decision. A count that moved within its limit does not change a decision. */
export type TenantState = { readonly revision: number; readonly mark: string };

type Watch = {
  tenant: string;
  made: Pick<Prepared, "context" | "catalogue" | "isStale" | "madeAt" | "validUntil"> | undefined;
  state: TenantState | undefined;
  evaluating: Promise<TenantState> | undefined;
  listeners: Set<(state: TenantState) => void>;
};

/** Poll interval in ms. Costs a few comparisons per watched tenant. */
const pollIntervalMs = 200;
/** Evaluation after a change yields to requests after this, in ms. */
const turn = 5;

export type Streams = ReturnType<typeof createStreams>;

/**
 * Notifies when a tenant's decisions change for any reason: facts, catalogue, flags, usage or time, in this process or
 * another.
 */
export function createStreams(facts: FactsCache, checks: Checks, now: () => Instant, log: Logger) {
  const watches = new Map<string, Watch>();
  let timer: NodeJS.Timeout | undefined;
  let isLooking = false;

  function evaluate(watch: Watch): Promise<TenantState> {
    watch.evaluating ??= evaluateNow(watch).finally(() => {
      watch.evaluating = undefined;
    });
    return watch.evaluating;
  }

  async function evaluateNow(watch: Watch): Promise<TenantState> {
    const context = await checks.context(watch.tenant);
    const madeAt = now();
    const { body, decisions, validUntil } = checks.answerFrom(context, null, madeAt);
    watch.made = { context, catalogue: facts.catalogue(), isStale: facts.isStale(), madeAt, validUntil };
    const state = { revision: body.revision, mark: markOf(decisions) };
    const before = watch.state;
    if (before?.mark === state.mark) return before;
    watch.state = state;
    if (before) for (const tell of watch.listeners) tell(state);
    return state;
  }

  async function look(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    try {
      await facts.look();
      let since = performance.now();
      for (const watch of watches.values()) {
        if (watch.made && checks.isStillTrue(watch.made)) continue;
        await evaluate(watch).catch((err) => {
          // Listeners keep the last state; it is evaluated again at the next poll.
          if (!(err instanceof FactsUnavailable)) log.error({ err }, "a stream could not be brought up to date");
        });
        if (performance.now() - since < turn) continue;
        await new Promise(setImmediate);
        since = performance.now();
      }
    } finally {
      isLooking = false;
    }
  }

  return {
    /** Returns the current state and calls `tell` with every later one until `stop`. Throws FactsUnavailable. */
    async watch(tenant: string, tell: (state: TenantState) => void): Promise<{ state: TenantState; stop: () => void }> {
      let watch = watches.get(tenant);
      if (!watch) {
        watch = { tenant, made: undefined, state: undefined, evaluating: undefined, listeners: new Set() };
        watches.set(tenant, watch);
      }
      const { listeners } = watch;
      listeners.add(tell);
      timer ??= setInterval(() => void look(), pollIntervalMs).unref();
      const stop = () => {
        listeners.delete(tell);
        if (listeners.size > 0 || watches.get(tenant) !== watch) return;
        watches.delete(tenant);
        if (watches.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
      try {
        const isNow = watch.state && watch.made && checks.isStillTrue(watch.made);
        return { state: isNow ? (watch.state as TenantState) : await evaluate(watch), stop };
      } catch (error) {
        stop();
        throw error;
      }
    },
    markOf,
    watched: () => watches.size,
  };
}

function markOf(decisions: Decision[]): string {
  const hash = createHash("sha256");
  for (const d of decisions) {
    const { feature, entitled, reason, source, value, amount, expiresAt, validUntil, availableIn, isStale } = d;
    const limits = amount && [amount.limit, amount.softLimit, amount.resetsAt];
    hash.update(JSON.stringify([feature, d.type, entitled, reason, source, value, limits, expiresAt, validUntil, availableIn, isStale]));
  }
  return hash.digest("base64url").slice(0, 16);
}
