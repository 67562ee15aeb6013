import type { FastifyReply, FastifyRequest } from "fastify";

/**
 * A name, an IPv4 address or an IPv6 address in brackets, with an optional port. Excludes characters that would change
 * the path of a URL.
 */
const validHost = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/** Refuses requests with an invalid Host. HTTP/1.0 allows requests without one, such as health checks. */
export function refuseInvalidHost(refuse: (request: FastifyRequest, reply: FastifyReply) => unknown) {
  return (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    const { host } = request;
    if (!host || validHost.test(host)) return done();
    refuse(request, reply);
  };
}
