import type { Instant } from "~/core/model";

/**
 * How long a try to sign in waits. Pure: time and what was counted are arguments. One network or browser that fails on an account
 * waits for its own failures alone. While many networks fail on one account, each has a single free try on it and waits longer.
 */

/** Failures without a wait; then the wait doubles from the first to the longest, in ms. */
const usual = { freeFailures: 5, firstWaitMs: 1_000, maxWaitMs: 15 * 60_000 };
const underAttack = { freeFailures: 1, firstWaitMs: 15 * 60_000, maxWaitMs: 60 * 60_000 };

/** Failures on one account, over all networks, from which it counts as attacked; each is forgotten after `attackFadesMs`. */
export const attackFailures = 20;
const attackFadesMs = 3 * 60_000;
/** The level stops here, so that an attack is over some 66 minutes after its last failure, however long it was. */
const maxLevel = 2 * attackFailures;

/** Tries of one network over all accounts that were wrong or refused: in a minute and in an hour. */
export const networkLimits = [
  { spanMs: 60_000, tries: 20 },
  { spanMs: 3_600_000, tries: 100 },
] as const;

export type Failures = { count: number; lastAt: Instant };
export type Level = { level: number; at: Instant };

/** In ms; 0: it may be tried now. */
export function failureWait({ count, lastAt }: Failures, isUnderAttack: boolean, now: Instant): number {
  const { freeFailures, firstWaitMs, maxWaitMs } = isUnderAttack ? underAttack : usual;
  if (count < freeFailures) return 0;
  // A clock that steps back makes nobody wait longer than the wait itself.
  const passed = Math.max(0, now - lastAt);
  return Math.max(0, Math.min(firstWaitMs * 2 ** (count - freeFailures), maxWaitMs) - passed);
}

export const levelAt = ({ level, at }: Level, now: Instant): number => Math.max(0, level - Math.max(0, now - at) / attackFadesMs);

export const raised = (level: Level, now: Instant): Level => ({ level: Math.min(maxLevel, levelAt(level, now) + 1), at: now });

/** One subscriber of IPv6 has at least a /64 of addresses, so that counts as one. An IPv4 address mapped into IPv6 counts as IPv4. */
export function networkOf(ip: string): string {
  const [, mapped] = /^::ffff:([\d.]+)$/i.exec(ip) ?? [];
  if (mapped !== undefined) return mapped;
  if (!ip.includes(":") || ip.includes(".")) return ip;
  const [head = "", tail] = ip.toLowerCase().split("::");
  const left = head.split(":").filter(Boolean);
  const missing = tail === undefined ? 0 : 8 - left.length - tail.split(":").filter(Boolean).length;
  const groups = [...left, ...Array<string>(missing).fill("0")].slice(0, 4);
  return groups.map((group) => group.replace(/^0+(?=.)/, "")).join(":");
}
