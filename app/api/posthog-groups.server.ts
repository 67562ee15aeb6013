import type { FastifyInstance } from "fastify";
import { asFlagProperties, groupProperties, propertiesValidUntil } from "~/core/posthog/group-properties";
import { tenantKey } from "~/forms/entity-keys";
import type { Services } from "~/server/services.server";
import { cacheControl } from "./entitlements.server";
import { mayAskAbout } from "./http/authenticate.server";
import { etagOf, matchesEtag } from "./http/etag.server";
import { parse } from "./http/parse.server";
import { sendProblem } from "./http/problem.server";
import { admittedKey, guarded } from "./http/route.server";
import { sendUnavailable } from "./http/unavailable.server";
import { getPosthogGroups } from "./openapi/check-descriptions";
import { noTenant } from "./tenants.server";
import { secretKeyOnly } from "./tokens.server";

/** PostHog's usual name, unless configured. */
const defaultGroupType = "organization";

/**
 * Data for an app's own PostHog client, so that its events and flags carry the tenant: `groups` for `capture`, both for
 * `evaluateFlags`. From memory; works without a PostHog key. Requires a secret key with the scope `check`, because
 * properties include metadata.
 */
export async function posthogGroupsApi(app: FastifyInstance, { services }: { services: Services }) {
  const { facts, metadata, now, posthog } = services;
  const type = posthog?.settings.groupType ?? defaultGroupType;

  app.get<{ Params: { key: string } }>("/api/tenants/:key/posthog-groups", guarded(services, getPosthogGroups), async (request, reply) => {
    const key = admittedKey(request);
    if (key.kind !== "live") return sendProblem(reply, secretKeyOnly);
    const sent = parse(reply, { key: tenantKey }, { key: request.params.key });
    if (!sent || !mayAskAbout(key, sent.key, reply)) return reply;
    const tenant = await Promise.resolve(facts.tenant(sent.key)).catch((error) => void sendUnavailable(error, reply));
    if (!tenant) return reply;
    if (!tenant.facts) return sendProblem(reply, noTenant(sent.key).problem);
    const at = now();
    // As strings, because PostHog's `exact` compares strings.
    const properties = asFlagProperties(groupProperties(tenant.facts, facts.catalogue(), at, metadata.keys()));
    const body = JSON.stringify({ groups: { [type]: sent.key }, groupProperties: { [type]: properties } });
    const etag = etagOf(body);
    reply
      .header("cache-control", cacheControl(propertiesValidUntil(tenant.facts, at), at, facts.isStale()))
      .header("etag", etag)
      .header("vary", "Authorization, X-API-Key");
    if (matchesEtag(request.headers["if-none-match"], etag)) return reply.code(304).send();
    return reply.header("content-type", "application/json; charset=utf-8").send(body);
  });
}
