import { DatabaseProblem } from "~db/database";
import { outOfConnections } from "~db/postgres-connections";
import { EnvProblem } from "./env.server";
import { FactsUnavailable } from "./facts/facts-cache.server";
import { isOutOfConnections } from "./process/database-unavailable";

/** Actionable message for the operator, or null for an unexpected error. */
export function operatorSentence(error: unknown): string | null {
  if (isOutOfConnections(error)) return outOfConnections;
  const isForeseen = error instanceof EnvProblem || error instanceof DatabaseProblem || error instanceof FactsUnavailable;
  return isForeseen ? error.message : null;
}
