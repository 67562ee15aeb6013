import { DatabaseProblem } from "~db/database";
import { EnvProblem } from "./env.server";
import { FactsUnavailable } from "./facts-cache.server";

/** What an operator can put right, in a sentence; null: this was not foreseen. */
export function operatorSentence(error: unknown): string | null {
  const isForeseen = error instanceof EnvProblem || error instanceof DatabaseProblem || error instanceof FactsUnavailable;
  return isForeseen ? error.message : null;
}
