import type { FastifyInstance } from "fastify";
import { isoTime } from "~/core/answer";
import { tenantKey } from "~/forms/tenant";
import { tokenBody } from "~/forms/token";
import { actorOfKey } from "~/server/api-keys.server";
import { byRightOf, RightWithdrawn } from "~/server/authority.server";
import { mintToken as mint } from "~/server/minting.server";
import type { Services } from "~/server/services.server";
import { mintScopes } from "~/server/token-claims";
import { mayAskAbout, withdrawnProblem } from "./authenticate.server";
import { mintToken } from "./check-descriptions";
import { parse } from "./parse.server";
import { type Problem, sendProblem } from "./problem.server";
import { guarded, keyOf } from "./route.server";
import { noTenant } from "./tenants.server";
import { sendUnavailable } from "./unavailable.server";

export const secretKeyOnly: Problem = {
  status: 403,
  code: "secret_key_required",
  detail: "Only a secret key (lk_live_…) may ask for this. Let your server ask, and hand on what it gets.",
};

/** Who may call: an app's server, with a secret key of the scope `check` or `manage`. What it gets may go to a browser. */
export async function tokensApi(app: FastifyInstance, { services }: { services: Services }) {
  const { facts, now } = services;

  app.post<{ Params: { key: string } }>("/api/tenants/:key/token", guarded(services, mintToken), async (request, reply) => {
    const key = keyOf(request);
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
    const authority = { kind: "key", id: key.id, scopes: mintScopes, tenant: key.tenant } as const;
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
