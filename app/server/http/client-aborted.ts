import type { FastifyRequest } from "fastify";

/** True if the client disconnected before the request was complete. Nothing failed here, and nobody will read an answer. */
export const hasLeft = ({ raw }: Pick<FastifyRequest, "raw">) => raw.destroyed && !raw.complete;
