import type { FastifyReply, FastifyRequest } from "fastify";

/** A name, an IPv4 address or an IPv6 address in brackets, and a port. Nothing that would move the path of an address made from it. */
const validHost = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/** Refuses a request whose Host is not a host. HTTP/1.0 knows requests without one, such as those of health checks. */
export function refuseInvalidHost(refuse: (request: FastifyRequest, reply: FastifyReply) => unknown) {
  return (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    const { host } = request;
    if (!host || validHost.test(host)) return done();
    refuse(request, reply);
  };
}
