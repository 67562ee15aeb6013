export type Held = {
  tenant: string;
  body: unknown;
  etag: string | null;
  /** When it was asked for. A clock that was set back past this instant can say nothing of its age. */
  askedAt: number;
  /** Until when it is used without asking. */
  freshUntil: number;
  /** The clock changes the answer at this instant: it is never used from then on, not even when Latchkey is away. */
  validUntil: number | null;
};

export const isFresh = (held: Held, now: number) => held.askedAt <= now && now < held.freshUntil;

export const mayStandIn = (held: Held, now: number, staleIfErrorMs: number) =>
  held.askedAt <= now && now < held.freshUntil + staleIfErrorMs && (held.validUntil === null || now < held.validUntil);

/** The answers asked for last, `most` of them. A Map keeps the order in which entries came, so the first is the one to go. */
export function createCache(most: number) {
  const entries = new Map<string, Held>();
  return {
    get(path: string): Held | undefined {
      const held = entries.get(path);
      if (held) {
        entries.delete(path);
        entries.set(path, held);
      }
      return held;
    },
    set(path: string, held: Held): void {
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
