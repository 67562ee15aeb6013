export type CachedAnswer = {
  tenant: string;
  body: unknown;
  etag: string | null;
  /** When it was requested. If the clock was set back before this, its age is unknown. */
  askedAt: number;
  /** Until when it is used without asking. */
  freshUntil: number;
  /** Time changes the answer at this instant: it is never used afterwards, even if Latchkey is unavailable. */
  validUntil: number | null;
};

export const isFresh = (held: CachedAnswer, now: number) => held.askedAt <= now && now < held.freshUntil;

export const mayStandIn = (held: CachedAnswer, now: number, staleIfErrorMs: number) =>
  held.askedAt <= now && now < held.freshUntil + staleIfErrorMs && (held.validUntil === null || now < held.validUntil);

/** Keeps the `most` most recently used answers. A Map keeps insertion order, so the first is evicted. */
export function createCache(most: number) {
  const entries = new Map<string, CachedAnswer>();
  return {
    get(path: string): CachedAnswer | undefined {
      const held = entries.get(path);
      if (held) {
        entries.delete(path);
        entries.set(path, held);
      }
      return held;
    },
    set(path: string, held: CachedAnswer): void {
      entries.delete(path);
      entries.set(path, held);
      for (const [oldest] of entries) {
        if (entries.size <= most) break;
        entries.delete(oldest);
      }
    },
    forget(tenant: string | null): void {
      for (const [path, held] of entries) if (tenant === null || held.tenant === tenant) entries.delete(path);
    },
  };
}
