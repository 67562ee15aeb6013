import type { FastifyReply, FastifyRequest } from "fastify";

/** True if the client disconnected before the request was complete. Nothing failed here, and nobody will read an answer. */
export const hasLeft = ({ raw }: Pick<FastifyRequest, "raw">) => raw.destroyed && !raw.complete;

/** Ends work whose client disconnected. Nothing failed here, so the status is not one that is logged as an error. */
export class ClientAborted extends Error {
  readonly statusCode = 400;
  constructor() {
    super("The client disconnected.");
  }
}

/** Aborts when the client disconnects before the response is sent. */
export function clientSignal({ raw }: Pick<FastifyReply, "raw">): AbortSignal {
  const controller = new AbortController();
  const abort = () => controller.abort(new ClientAborted());
  if (raw.destroyed) abort();
  raw.once("close", abort);
  raw.once("finish", () => raw.off("close", abort));
  return controller.signal;
}
