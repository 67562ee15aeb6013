/** Why Latchkey gave no answer. Given to `onError`; asking never rejects. */
export type LatchkeyError = Error & {
  code: "timeout" | "network" | "status" | "invalid_answer";
  /** Where `code` is `status`: 401 and 403 speak of the key, 400 of the question, 429 and 5xx pass. */
  status?: number;
  /** Milliseconds that Latchkey asks to be left alone. */
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
