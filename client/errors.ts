/** Why Latchkey gave no answer. Passed to `onError`; checks never reject. */
export type LatchkeyError = Error & {
  code: "timeout" | "network" | "status" | "invalid_answer";
  /** For `code` `status`: 401 and 403 concern the key, 400 the request; 429 and 5xx are temporary. */
  status?: number;
  /** Latchkey's Retry-After in ms. */
  retryAfter?: number;
};

export function latchkeyError(
  code: LatchkeyError["code"],
  message: string,
  more: { status?: number; retryAfter?: number; cause?: unknown } = {},
): LatchkeyError {
  const { cause, ...fields } = more;
  return Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { name: "LatchkeyError", code }, fields);
}

export const isLatchkeyError = (error: unknown): error is LatchkeyError => error instanceof Error && error.name === "LatchkeyError";
