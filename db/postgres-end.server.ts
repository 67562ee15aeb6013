import { waitAtMost } from "./wait-at-most";

/** How long connections may take to end, in ms. */
const endTimeoutMs = 2_000;

/** A connection that is connecting or broken may never report its end; shutdown does not wait for it. */
export const ended = (end: Promise<unknown> = Promise.resolve()) =>
  waitAtMost(
    end.catch(() => {}),
    endTimeoutMs,
  );
