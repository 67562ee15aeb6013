import type { FastifyReply } from "fastify";
import { FactsUnavailable } from "~/server/facts/facts-cache.server";
import { sendProblem } from "./problem.server";

export const factsUnavailable = "The database cannot be read and this tenant is not in memory. Ask again in a moment.";

/** Answers 503 if the facts are unavailable; rethrows any other error. */
export function sendUnavailable(error: unknown, reply: FastifyReply) {
  if (!(error instanceof FactsUnavailable)) throw error;
  return sendProblem(reply, { status: 503, code: "facts_unavailable", detail: factsUnavailable, headers: { "retry-after": "1" } });
}
