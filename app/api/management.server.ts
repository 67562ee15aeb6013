import type { FastifyInstance, FastifyReply } from "fastify";
import { isoTime } from "~/core/answer";
import type { Catalogue } from "~/core/catalogue";
import { putTenant, type TenantChange } from "~/core/changes";
import { endGrant, grantTrial, setOverride } from "~/core/grant-changes";
import type { Grant, Stamp, TenantFacts } from "~/core/model";
import { type Outcome, type Refusal, refuse } from "~/core/outcome";
import { endGrantBody, type GrantBody, grantBody, grantId } from "~/forms/grant";
import { tenantBody, tenantKey } from "~/forms/tenant";
import { actorOfKey } from "~/server/api-keys.server";
import { changeTenant, changeTenantOfGrant } from "~/server/change.server";
import type { Services } from "~/server/services.server";
import { authenticate } from "./authenticate.server";
import { parse } from "./parse.server";
import { sendProblem } from "./problem.server";

const day = 86_400_000;

/** Who may call: keys with the scope `manage`. The least that a program needs to provision; all that the pages can do comes later. */
export async function managementApi(app: FastifyInstance, { services }: { services: Services }) {
  app.put<{ Params: { key: string } }>("/api/tenants/:key", async (request, reply) => {
    const key = authenticate(services, request, reply, "manage");
    if (!key) return reply;
    const sent = parse(reply, { key: tenantKey, body: tenantBody }, { key: request.params.key, body: request.body });
    if (!sent) return reply;
    let isNew = false;
    const result = await changeTenant(services, sent.key, actorOfKey(key), (facts, catalogue, stamp) => {
      isNew = facts === null;
      return putTenant(facts, sent.key, sent.body, catalogue, stamp);
    });
    if (!result.ok) return sendRefusal(reply, result);
    return reply.code(isNew ? 201 : 200).send(tenantOnWire(result.facts as TenantFacts));
  });

  app.post<{ Params: { key: string } }>("/api/tenants/:key/grants", async (request, reply) => {
    const key = authenticate(services, request, reply, "manage");
    if (!key) return reply;
    const sent = parse(reply, { key: tenantKey, body: grantBody }, { key: request.params.key, body: request.body });
    if (!sent) return reply;
    let granted: Grant[] = [];
    const result = await changeTenant(services, sent.key, actorOfKey(key), (facts, catalogue, stamp) => {
      const outcome = facts ? grant(facts, sent.body, catalogue, stamp) : noTenant(sent.key);
      granted = (outcome.ok && outcome.change?.grants) || [];
      return outcome;
    });
    if (!result.ok) return sendRefusal(reply, result);
    return reply.code(201).send({ tenant: sent.key, revision: result.facts?.revision, grants: granted.map(grantOnWire) });
  });

  app.post<{ Params: { id: string } }>("/api/grants/:id/end", async (request, reply) => {
    const key = authenticate(services, request, reply, "manage");
    if (!key) return reply;
    const sent = parse(reply, { id: grantId, body: endGrantBody }, { id: request.params.id, body: request.body ?? {} });
    if (!sent) return reply;
    let ended: Grant[] = [];
    const result = await changeTenantOfGrant(services, sent.id, actorOfKey(key), (facts, stamp) => {
      const outcome = endGrant(facts, { grant: sent.id, note: sent.body.note }, stamp);
      ended = (outcome.ok && outcome.change?.grants) || [];
      return outcome;
    });
    if (!result.ok) return sendRefusal(reply, result);
    return reply.send({ tenant: result.facts?.key, revision: result.facts?.revision, grants: ended.map(grantOnWire) });
  });
}

const noTenant = (key: string) =>
  refuse("tenant_not_found", `There is no tenant ${key}. Create it first with PUT /api/tenants/{key}.`, "key");

function grant(facts: TenantFacts, body: GrantBody, catalogue: Catalogue, stamp: Stamp): Outcome<TenantChange> {
  if (body.kind === "override") return setOverride(facts, body, catalogue, stamp);
  const { feature, value, features, startsAt, endsAt, days, note } = body;
  const end = endsAt ?? (startsAt ?? stamp.now) + (days as number) * day;
  return grantTrial(
    facts,
    { features: features ?? [{ feature: feature as string, value }], startsAt, endsAt: end, note },
    catalogue,
    stamp,
  );
}

const conflicts = new Set(["tenant_exists", "grant_overlaps", "grant_over", "stale", "plan_in_use", "plan_exists", "feature_exists"]);
const missing = new Set(["tenant_not_found", "grant_not_found"]);

function sendRefusal(reply: FastifyReply, { code, message, field }: Refusal) {
  const status = missing.has(code) ? 404 : conflicts.has(code) ? 409 : 422;
  return sendProblem(reply, { status, code, detail: message, field });
}

function tenantOnWire({ grants, createdAt, addOns, revision, ...tenant }: TenantFacts) {
  const { key, name, status, plan, metadata } = tenant;
  return {
    key,
    name,
    status,
    plan,
    addOns: addOns.map((a) => a.plan),
    metadata,
    createdAt: isoTime(createdAt),
    revision,
    grants: grants.map(grantOnWire),
  };
}

function grantOnWire(g: Grant) {
  const { startsAt, endsAt, endedAt, createdAt, ...rest } = g;
  const iso = (at: number | null) => (at === null ? null : isoTime(at));
  return { ...rest, startsAt: isoTime(startsAt), endsAt: iso(endsAt), endedAt: iso(endedAt), createdAt: isoTime(createdAt) };
}
