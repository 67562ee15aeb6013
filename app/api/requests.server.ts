import type { FastifyInstance } from "fastify";
import { requestLifeMs, requestStateOf, type StoredRequest } from "~/core/requests/request";
import { describeRequest } from "~/core/requests/request-words";
import { isoOrNull, isoTime } from "~/core/time";
import { cursorOf } from "~/forms/pagination";
import { requestBody, requestParams, requestsQuery } from "~/forms/requests/request";
import { askForFeature, asksAgainAt } from "~/server/requests/ask.server";
import { withdrawRequest } from "~/server/requests/decide.server";
import { findRequest, requestsAfter } from "~/server/requests/inbox.server";
import type { Services } from "~/server/services.server";
import { refusalProblem } from "./http/answered.server";
import { forbiddenTenant, isFor } from "./http/authenticate.server";
import { addRead, addWrite } from "./http/route.server";
import * as answers from "./openapi/request-answers";
import { secretKeyOnly } from "./tokens.server";

function requestOnWire({ facts, now }: Pick<Services, "facts" | "now">, request: StoredRequest) {
  const { id, kind, act, tenant, user, note, reason, actor, answer, createdAt, decidedAt, decidedBy } = request;
  return {
    ...{ id, kind, state: requestStateOf(request, now()), tenant, summary: describeRequest(act, facts.catalogue()), act },
    ...{ user, note, reason, createdBy: actor.name, createdAt: isoTime(createdAt), lapsesAt: isoTime(createdAt + requestLifeMs) },
    ...{ answer, decidedBy, decidedAt: isoOrNull(decidedAt) },
  };
}

/** What apps ask for their users. */
export async function requestsApi(app: FastifyInstance, { services }: { services: Services }) {
  addRead(
    app,
    services,
    "GET /api/requests",
    {
      id: "listRequests",
      tag: "Requests",
      summary: "Requests, the newest first",
      detail: "Those of apps and people, and acts that wait for approval. A request that nobody decides lapses after 14 days.",
      act: "read",
      query: requestsQuery,
      answers: {
        200: { what: "A page of requests.", schema: answers.requestPage, example: { items: [answers.requestGranted], next: null } },
      },
      problems: { 400: ["invalid_request"], 503: ["database_unavailable"] },
    },
    async ({ query: { state, tenant, cursor, limit } }) => {
      const after = cursor && { createdAt: cursor[0], id: cursor[1] };
      const { requests, next } = await requestsAfter(services, { state, tenant, after }, limit);
      const items = requests.map((request) => requestOnWire(services, request));
      return { status: 200, body: { items, next: next && cursorOf(next.createdAt, next.id) } };
    },
  );

  addRead(
    app,
    services,
    "GET /api/requests/{id}",
    {
      id: "getRequest",
      tag: "Requests",
      summary: "A request, and what became of it",
      detail: "For programs whose act waits for a second person: `needs_approval` names the request.",
      act: "read",
      params: requestParams,
      answers: { 200: { what: "The request.", schema: answers.requestAnswer, example: answers.requestGranted } },
      problems: { 400: ["invalid_request"], 404: ["request_not_found"], 503: ["database_unavailable"] },
    },
    async ({ params: { id } }) => {
      const found = await findRequest(services, id);
      if (found) return { status: 200, body: requestOnWire(services, found) };
      return { problem: { status: 404, code: "request_not_found", detail: "There is no such request.", field: "id" } };
    },
  );

  addWrite(
    app,
    services,
    "POST /api/requests",
    {
      id: "createRequest",
      tag: "Requests",
      summary: "Ask for a feature for a tenant's user",
      detail:
        "People see it on the page Requests and grant a trial or refuse. One request waits per tenant and feature: a second one is answered with the first, and 200. A tenant gets 20 requests within 24 hours.",
      act: "requests.ask",
      bound: true,
      headers: ["Idempotency-Key"],
      body: requestBody,
      bodyExample: { tenant: "acme", feature: "sso", user: "dana@acme.example", note: "Our security team needs it." },
      answers: {
        200: {
          what: "The request that waits already.",
          schema: answers.requestAnswer,
          example: answers.requestWaiting,
          headers: ["Idempotency-Replayed"],
        },
        201: { what: "The request.", schema: answers.requestAnswer, example: answers.requestWaiting, headers: ["Idempotency-Replayed"] },
      },
      problems: {
        400: ["invalid_request", "invalid_json"],
        403: ["secret_key_required", "tenant_forbidden"],
        404: ["tenant_not_found"],
        409: ["requests_full", "idempotency_key_in_use"],
        422: ["tenant_archived", "feature_not_found", "feature_archived", "idempotency_key_reused"],
        429: ["request_limit"],
      },
      problemExamples: {
        tenant_not_found: { detail: "There is no tenant acme.", field: "tenant" },
        tenant_archived: { detail: "Acme is archived, so nothing can be asked for it.", field: "tenant" },
        feature_not_found: { detail: "There is no feature export. Choose one that the catalogue has.", field: "feature" },
        feature_archived: { detail: "Export is archived, so it cannot be asked for.", field: "feature" },
      },
    },
    ({ services, body: { tenant, feature, user, note }, actor }) =>
      askForFeature(services, actor, { tenant, feature, user: user ?? null, note: note || null }),
    (result) => (result.ok ? { status: result.isNew ? 201 : 200, body: requestOnWire(services, result.request) } : refusalProblem(result)),
    {
      whyNot: async ({ key, body }) => {
        if (key.kind !== "live") return secretKeyOnly;
        if (!isFor(key, body.tenant)) return forbiddenTenant(key);
        const at = await asksAgainAt(services, body);
        if (at === null) return null;
        const seconds = Math.max(1, Math.ceil((at - services.now()) / 1000));
        const detail = `${body.tenant} asked 20 times within 24 hours. Ask again after ${isoTime(at)}.`;
        return { status: 429, code: "request_limit", detail, headers: { "retry-after": String(seconds) } };
      },
    },
  );

  addWrite(
    app,
    services,
    "POST /api/requests/{id}/withdraw",
    {
      id: "withdrawRequest",
      tag: "Requests",
      summary: "Withdraw an own request",
      detail: "Only one that waits, and that this key asked for.",
      act: "requests.ask",
      bound: true,
      params: requestParams,
      headers: ["Idempotency-Key"],
      answers: {
        200: { what: "The request.", schema: answers.requestAnswer, example: answers.requestWithdrawn, headers: ["Idempotency-Replayed"] },
      },
      problems: {
        400: ["invalid_request"],
        403: ["secret_key_required"],
        404: ["request_not_found"],
        409: ["request_decided", "idempotency_key_in_use"],
        422: ["idempotency_key_reused"],
      },
    },
    ({ services, actor, params: { id } }) => withdrawRequest(services, actor, id),
    (result) => (result.ok ? { status: 200, body: requestOnWire(services, result.request) } : refusalProblem(result, "request_not_found")),
    {
      whyNot: async ({ key, params: { id } }) => {
        if (key.kind !== "live") return secretKeyOnly;
        const found = key.tenant === null ? null : await findRequest(services, id);
        return found && !isFor(key, found.tenant) ? forbiddenTenant(key) : null;
      },
    },
  );
}
