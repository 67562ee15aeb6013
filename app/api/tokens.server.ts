import type { FastifyInstance } from "fastify";
import { isoTime } from "~/core/time";
import { tenantKey } from "~/forms/entity-keys";
import { tokenBody } from "~/forms/keys/token";
import { byRightOf, RightWithdrawn } from "~/server/authority.server";
import { actorOfKey } from "~/server/keys/api-keys.server";
import { mintToken as mint } from "~/server/keys/token-minting.server";
import type { Services } from "~/server/services.server";
import { mayAskAbout, withdrawnProblem } from "./http/authenticate.server";
import { parse } from "./http/parse.server";
import { type Problem, sendProblem } from "./http/problem.server";
import { admittedKey, guarded } from "./http/route.server";
import { sendUnavailable } from "./http/unavailable.server";
import { mintTokenDescription } from "./openapi/check-descriptions";
import { noTenant } from "./tenants.server";

export const secretKeyOnly: Problem = {
  status: 403,
  code: "secret_key_required",
  detail: "Only a secret key (lk_live_…) may ask for this. Let your server ask, and hand on what it gets.",
};

/** Requires a secret key with the scope `check` or `manage`. The token may go to a browser. */
export async function tokensApi(app: FastifyInstance, { services }: { services: Services }) {
  const { facts, now } = services;

  app.post<{ Params: { key: string } }>("/api/tenants/:key/token", guarded(services, mintTokenDescription), async (request, reply) => {
    const key = admittedKey(request);
    if (key.kind !== "live") return sendProblem(reply, secretKeyOnly);
    const sent = parse(
      reply,
      { key: tenantKey, body: tokenBody },
      { key: request.params.key, body: request.body === undefined ? {} : request.body },
    );
    if (!sent || !mayAskAbout(key, sent.key, reply)) return reply;
    try {
      const { facts: tenant } = await facts.tenant(sent.key);
      if (!tenant) return sendProblem(reply, noTenant(sent.key).problem);
    } catch (error) {
      return sendUnavailable(error, reply);
    }
    const expiresAt = Math.min(now() + sent.body.ttl * 1000, key.expiresAt ?? Number.POSITIVE_INFINITY);
    const authority = { kind: "key", id: key.id, acts: ["tokens.mint"], tenant: key.tenant } as const;
    let token: string;
    try {
      const claims = { key: key.id, tenant: sent.key, expiresAt, notBefore: key.createdAt };
      token = await mint(byRightOf(services, authority), actorOfKey(key, request.ip), claims);
    } catch (error) {
      if (error instanceof RightWithdrawn) return sendProblem(reply, withdrawnProblem(error));
      throw error;
    }
    return reply
      .code(201)
      .header("cache-control", "no-store")
      .send({ token, tenant: sent.key, expiresAt: isoTime(expiresAt) });
  });
}
