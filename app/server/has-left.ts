import type { FastifyRequest } from "fastify";

/** Whoever asked hung up before all of it was here: nothing went wrong on our side, and nobody will read an answer. */
export const hasLeft = ({ raw }: Pick<FastifyRequest, "raw">) => raw.destroyed && !raw.complete;
