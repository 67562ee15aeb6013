import { DatabaseProblem } from "~db/database";
import { outOfConnections } from "~db/postgres-connections";
import { isOutOfConnections } from "./database-away";
import { EnvProblem } from "./env.server";
import { FactsUnavailable } from "./facts-cache.server";

/** What an operator can put right, in a sentence; null: this was not foreseen. */
export function operatorSentence(error: unknown): string | null {
  if (isOutOfConnections(error)) return outOfConnections;
  const isForeseen = error instanceof EnvProblem || error instanceof DatabaseProblem || error instanceof FactsUnavailable;
  return isForeseen ? error.message : null;
}
