import type { FastifyRequest } from "fastify";
import type { Env } from "./env.server";

/** How a request reached this server. */
export type Arrival = {
  /** Scheme and host under which users reach this server. Host was validated by valid-host.server.ts. */
  origin: string;
  /** The client's address; proxies are believed only with TRUST_PROXY. */
  ip: string;
  /** True if a trusted proxy forwarded the request. */
  isForwarded: boolean;
};

export function arrivalOf(request: FastifyRequest, { publicUrl, trustProxy }: Pick<Env, "publicUrl" | "trustProxy">): Arrival {
  return {
    origin: publicUrl ?? `${request.protocol}://${request.host}`,
    ip: request.ip,
    isForwarded: trustProxy !== false && (request.ips?.length ?? 0) > 1,
  };
}
