import { setImmediate as nextTurn } from "node:timers/promises";

/** Yields to the event loop when a turn's time is used up, and throws if the caller has aborted. */
export type Pace = () => Promise<void>;

/** Time between two turns of the event loop, in ms. */
const turnMs = 4;

export function createPace(signal: AbortSignal | undefined): Pace {
  let began = performance.now();
  return async () => {
    signal?.throwIfAborted();
    if (performance.now() - began < turnMs) return;
    await nextTurn();
    began = performance.now();
  };
}
