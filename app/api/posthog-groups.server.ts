import type { FastifyInstance } from "fastify";
import { asFlagProperties, groupProperties, propertiesValidUntil } from "~/core/group-properties";
import { tenantKey } from "~/forms/tenant";
import type { Services } from "~/server/services.server";
import { mayAskAbout } from "./authenticate.server";
import { getPosthogGroups } from "./check-descriptions";
import { cacheControl } from "./entitlements.server";
import { etagOf, matchesEtag } from "./etag.server";
import { parse } from "./parse.server";
import { sendProblem } from "./problem.server";
import { guarded, keyOf } from "./route.server";
import { noTenant } from "./tenants.server";
import { secretKeyOnly } from "./tokens.server";
import { sendUnavailable } from "./unavailable.server";

/** What PostHog's users call it unless they say another name. */
const defaultGroupType = "organization";

/**
 * What an app hands to its own PostHog client, so that its events and flags carry the tenant as Latchkey knows it: `groups`
 * to `capture`, both to `evaluateFlags`. From memory; works without a PostHog key here. Who may call: an app's server, with a secret key of the scope `check`, since
 * properties hold metadata of the tenant; a page gets them from its server.
 */
export async function posthogGroupsApi(app: FastifyInstance, { services }: { services: Services }) {
  const { facts, metadata, now, posthog } = services;
  const type = posthog?.settings.groupType ?? defaultGroupType;

  app.get<{ Params: { key: string } }>("/api/tenants/:key/posthog-groups", guarded(services, getPosthogGroups), async (request, reply) => {
    const key = keyOf(request);
    if (key.kind !== "live") return sendProblem(reply, secretKeyOnly);
    const sent = parse(reply, { key: tenantKey }, { key: request.params.key });
    if (!sent || !mayAskAbout(key, sent.key, reply)) return reply;
    const tenant = await Promise.resolve(facts.tenant(sent.key)).catch((error) => void sendUnavailable(error, reply));
    if (!tenant) return reply;
    if (!tenant.facts) return sendProblem(reply, noTenant(sent.key).problem);
    const at = now();
    // Texts, as PostHog's `exact` compares them.
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
