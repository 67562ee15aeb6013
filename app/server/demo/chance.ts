export type Chance = ReturnType<typeof seededChance>;

const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** A seeded generator: equal seeds give equal demos. Mulberry32 with 32 bits of state, for demo data only. */
export function seededChance(seed: number) {
  let state = seed >>> 0;

  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from `least` to `most`, inclusive. */
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  const pick = <T>(list: readonly T[]): T => list[between(0, list.length - 1)] as T;

  return {
    between,
    pick,
    /** Returns true with this probability. */
    happens: (share: number) => next() < share,
    /** Returns a key with a probability proportional to its weight. */
    weighted<K extends string>(weights: Record<K, number>): K {
      const entries = Object.entries(weights) as [K, number][];
      let left = next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [key, weight] of entries) {
        left -= weight;
        if (left < 0) return key;
      }
      return (entries.at(-1) as [K, number])[0];
    },
    /** Returns distinct items in list order. */
    some<T>(list: readonly T[], count: number): T[] {
      const left = new Set(list.keys());
      while (left.size > count) left.delete(pick([...left]));
      return list.filter((_, i) => left.has(i));
    },
    id: (prefix: string) => `${prefix}_${Array.from({ length: 20 }, () => pick([...letters])).join("")}`,
  };
}
