import type { Instant } from "~/core/model";
import { failureWindowMs, nextAttemptAfter, pausedUntil } from "./retry-schedule";

/** `error`: a sentence, or null for a success. `isGone`: the receiver answered that it wants no more. */
export type AttemptResult = { status: number | null; error: string | null; isGone: boolean };

type EndpointState = { failures: number; failingSince: Instant | null };
type DeliveryPatch = { state: "pending" | "delivered" | "failed"; attempts: number; nextAttemptAt: Instant | null };
type EndpointPatch = EndpointState & { pausedUntil: Instant | null; lastDeliveredAt?: Instant };

/** `disable`: the reason for which the endpoint is disabled, or null. `endpoint`: null if it stays as it is. */
export type AttemptOutcome = { delivery: DeliveryPatch; endpoint: EndpointPatch | null; disable: string | null };

/** What an attempt makes of a delivery and its endpoint. A delivery that failed stays first in its lane. */
export function outcomeOfAttempt(
  { attempts: before, isManual }: { attempts: number; isManual: boolean },
  endpoint: EndpointState,
  { error, isGone }: AttemptResult,
  now: Instant,
): AttemptOutcome {
  const attempts = before + 1;
  if (isManual)
    return { delivery: { state: error === null ? "delivered" : "failed", attempts, nextAttemptAt: null }, endpoint: null, disable: null };
  if (error === null) {
    const healthy = { failures: 0, failingSince: null, pausedUntil: null, lastDeliveredAt: now };
    return { delivery: { state: "delivered", attempts, nextAttemptAt: null }, endpoint: healthy, disable: null };
  }
  const failures = endpoint.failures + 1;
  const failingSince = endpoint.failingSince ?? now;
  const next = nextAttemptAfter(attempts, now);
  const disable = isGone
    ? "The receiver answered 410: it wants no more events."
    : next === null || now - failingSince >= failureWindowMs
      ? `Deliveries failed for three days. The last time: ${error}`
      : null;
  return {
    delivery: { state: "pending", attempts, nextAttemptAt: next ?? now },
    endpoint: { failures, failingSince, pausedUntil: pausedUntil(failures, now) },
    disable,
  };
}
