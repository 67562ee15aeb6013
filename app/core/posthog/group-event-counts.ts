import type { Instant } from "~/core/model";

/** PostHog's count of a group's events with one name, and when the last of them happened. */
export type GroupEventCount = { event: string; count: number; lastAt: Instant | null };

/**
 * What a page may show at once. `asking`: a request is on its way. `failed`: `why` is a sentence; `counts` are older
 * ones if there are any. `isCut`: PostHog has events with more names.
 */
export type GroupEventCounts =
  | { state: "known"; counts: GroupEventCount[]; isCut: boolean; at: Instant }
  | { state: "asking" }
  | { state: "failed"; why: string; counts: GroupEventCount[]; isCut: boolean; at: Instant | null };
