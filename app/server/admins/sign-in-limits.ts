import type { Instant } from "~/core/model";
import { hour, minute } from "~/core/time";

/**
 * Computes the wait before a try to sign in. Pure: time and counts are arguments. A network or browser that fails on
 * an account waits for its own failures only. While many networks fail on one account, each has a single free attempt
 * and longer waits.
 */

/** Free failures, then a wait that doubles from the first to the maximum, in ms. */
const usual = { freeFailures: 5, firstWaitMs: 1_000, maxWaitMs: 15 * minute };
const underAttack = { freeFailures: 1, firstWaitMs: 15 * minute, maxWaitMs: hour };

/** Failures on one account, over all networks, from which it counts as attacked; each is forgotten after `attackFadesMs`. */
export const attackFailures = 20;
const attackFadesMs = 3 * minute;
/** Upper bound of the level, so that an attack ends about 66 minutes after its last failure. */
const maxLevel = 2 * attackFailures;

/** Wrong or refused attempts of one network over all accounts, per minute and per hour. */
export const networkLimits = [
  { spanMs: 60_000, tries: 20 },
  { spanMs: hour, tries: 100 },
] as const;

/**
 * Limits over all nodes. In `spanMs` a source has `tries` per account; after `attackFailures` failures on the account,
 * only `triesUnderAttack`. One node's own limits are stricter.
 */
export const sharedLimits = { spanMs: hour, tries: 20, attackFailures: 2 * attackFailures, triesUnderAttack: 3 } as const;

export type Failures = { count: number; lastAt: Instant };
export type Level = { level: number; at: Instant };

/** Returns the wait in ms, or 0. */
export function failureWait({ count, lastAt }: Failures, isUnderAttack: boolean, now: Instant): number {
  const { freeFailures, firstWaitMs, maxWaitMs } = isUnderAttack ? underAttack : usual;
  if (count < freeFailures) return 0;
  // If the clock steps back, nobody waits longer than the wait itself.
  const passed = Math.max(0, now - lastAt);
  return Math.max(0, Math.min(firstWaitMs * 2 ** (count - freeFailures), maxWaitMs) - passed);
}

export const levelAt = ({ level, at }: Level, now: Instant): number => Math.max(0, level - Math.max(0, now - at) / attackFadesMs);

export const raised = (level: Level, now: Instant): Level => ({ level: Math.min(maxLevel, levelAt(level, now) + 1), at: now });

/** An IPv6 subscriber has at least a /64, which counts as one network. IPv4-mapped IPv6 counts as IPv4. */
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
