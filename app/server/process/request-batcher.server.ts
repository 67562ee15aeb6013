import type { TransactionOptions } from "~db/database";
import { DatabaseBusy, isUnavailable, TooManyWrites } from "~db/unavailable";

/** Max waiting and running writes of a kind; further ones are refused. */
const maxUnsettled = 2_000;

/** How long a batch waits for all its locks, in ms, before its items wait separately. */
const maxSharedLockWaitMs = 200;

/** Result of one item of a batch. */
export type Settled<Result> = { result: Result } | { error: unknown };

type Waiting<Item, Result> = {
  item: Item;
  /** From `performance.now()`. */
  askedAt: number;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
};

type Options<Item> = {
  maxBatch: number;
  /** Share of `maxBatch` an item takes; defaults to 1. */
  sizeOf?: (item: Item) => number;
  /** Items with the same key are never in the same batch. */
  keyOf?: (item: Item) => string;
};

/**
 * Collects concurrent items and processes them in consecutive batches. `work` writes a batch in one transaction. If one
 * item makes it fail, or locks are not available, items are processed separately.
 */
export function createBatcher<Item, Result>(
  work: (items: Item[], options: TransactionOptions) => Promise<Settled<Result>[]>,
  { maxBatch, sizeOf = () => 1, keyOf }: Options<Item>,
): (item: Item) => Promise<Result> {
  let waiting: Waiting<Item, Result>[] = [];
  let unsettled = 0;
  let isRunning = false;

  async function run(): Promise<void> {
    isRunning = true;
    // Collects the items of this event-loop turn.
    await new Promise(setImmediate);
    while (waiting.length > 0) await attempt(nextBatch(), { maxLockWaitMs: maxSharedLockWaitMs });
    isRunning = false;
  }

  function nextBatch(): Waiting<Item, Result>[] {
    const batch: Waiting<Item, Result>[] = [];
    const later: Waiting<Item, Result>[] = [];
    const keys = new Set<string>();
    let size = 0;
    for (const one of waiting) {
      const key = keyOf?.(one.item);
      const isFull = batch.length > 0 && size + sizeOf(one.item) > maxBatch;
      if (isFull || (key !== undefined && keys.has(key))) {
        later.push(one);
        continue;
      }
      if (key !== undefined) keys.add(key);
      size += sizeOf(one.item);
      batch.push(one);
    }
    waiting = later;
    return batch;
  }

  async function attempt(batch: Waiting<Item, Result>[], options: TransactionOptions): Promise<void> {
    const [first] = batch;
    if (!first) return;
    try {
      const items = batch.map(({ item }) => item);
      const settled = await work(items, { ...options, askedAt: first.askedAt });
      for (const [i, { resolve, reject }] of batch.entries()) {
        const one = settled[i] as Settled<Result>;
        if ("error" in one) reject(one.error);
        else resolve(one.result);
      }
    } catch (error) {
      const isLocked = error instanceof DatabaseBusy && options.maxLockWaitMs !== undefined;
      const isOfOne = batch.length > 1 && !isUnavailable(error);
      // Not awaited: later batches may not need these locks or this item.
      if (isLocked || isOfOne) for (const one of batch) void attempt([one], {});
      else for (const { reject } of batch) reject(error);
    }
  }

  return (item) => {
    if (unsettled >= maxUnsettled) return Promise.reject(new TooManyWrites());
    unsettled += 1;
    return new Promise<Result>((resolve, reject) => {
      waiting.push({ item, askedAt: performance.now(), resolve, reject });
      if (!isRunning) void run();
    }).finally(() => {
      unsettled -= 1;
    });
  };
}
