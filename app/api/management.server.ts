import type { FastifyInstance, FastifyReply } from "fastify";
import type { z } from "zod";
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
import { sendProblem } from "./problem.server";

const day = 86_400_000;

/** Who may call: keys with the scope `manage`. The least that a program needs to provision; all that the pages can do comes later. */
export async function managementApi(app: FastifyInstance, { services }: { services: Services }) {
  app.put<{ Params: { key: string } }>("/api/tenants/:key", async (request, reply) => {
    const key = authenticate(services, request, reply, "manage");
    if (!key) return reply;
    const tenant = parse(tenantKey, request.params.key, reply, "key");
    const form = tenant.ok && parse(tenantBody, request.body, reply);
    if (!tenant.ok || !form?.ok) return reply;
    let isNew = false;
    const result = await changeTenant(services, tenant.value, actorOfKey(key), (facts, catalogue, stamp) => {
      isNew = facts === null;
      return putTenant(facts, tenant.value, form.value, catalogue, stamp);
    });
    if (!result.ok) return sendRefusal(reply, result);
    return reply.code(isNew ? 201 : 200).send(tenantOnWire(result.facts as TenantFacts));
  });

  app.post<{ Params: { key: string } }>("/api/tenants/:key/grants", async (request, reply) => {
    const key = authenticate(services, request, reply, "manage");
    if (!key) return reply;
    const tenant = parse(tenantKey, request.params.key, reply, "key");
    const form = tenant.ok && parse(grantBody, request.body, reply);
    if (!tenant.ok || !form?.ok) return reply;
    let granted: Grant[] = [];
    const result = await changeTenant(services, tenant.value, actorOfKey(key), (facts, catalogue, stamp) => {
      const outcome = facts ? grant(facts, form.value, catalogue, stamp) : noTenant(tenant.value);
      granted = (outcome.ok && outcome.change?.grants) || [];
      return outcome;
    });
    if (!result.ok) return sendRefusal(reply, result);
    return reply.code(201).send({ tenant: tenant.value, revision: result.facts?.revision, grants: granted.map(grantOnWire) });
  });

  app.post<{ Params: { id: string } }>("/api/grants/:id/end", async (request, reply) => {
    const key = authenticate(services, request, reply, "manage");
    if (!key) return reply;
    const id = parse(grantId, request.params.id, reply, "id");
    const form = id.ok && parse(endGrantBody, request.body ?? {}, reply);
    if (!id.ok || !form?.ok) return reply;
    let ended: Grant[] = [];
    const result = await changeTenantOfGrant(services, id.value, actorOfKey(key), (facts, stamp) => {
      const outcome = endGrant(facts, { grant: id.value, note: form.value.note }, stamp);
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

type Parsed<T> = { ok: true; value: T } | { ok: false };

/** What does not fit is answered at once with every field at fault. */
function parse<S extends z.ZodType>(schema: S, input: unknown, reply: FastifyReply, field?: string): Parsed<z.output<S>> {
  const result = schema.safeParse(input);
  if (result.success) return { ok: true, value: result.data };
  const errors = result.error.issues.map((i) => ({
    field: [field, ...i.path].filter((p) => p !== undefined).join(".") || "body",
    message: i.message,
  }));
  sendProblem(reply, { status: 400, code: "invalid_request", detail: errors[0]?.message ?? "", field: errors[0]?.field, errors });
  return { ok: false };
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
