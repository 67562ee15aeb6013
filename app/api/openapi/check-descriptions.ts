import { z } from "zod";
import { checkItem, checkQuery, checksQuery, streamParameters } from "~/forms/checks/checks";
import { tenantKey } from "~/forms/entity-keys";
import { tokenBody } from "~/forms/keys/token";
import * as checkAnswers from "./check-answers";
import type { RouteDescription } from "./describe";

const params = z.object({ key: tenantKey });

export const getEntitlements: RouteDescription = {
  id: "getEntitlements",
  tag: "Checks",
  summary: "May this tenant use these features, how much, why, and until when?",
  detail: "A tenant or a feature that is not there is a no with a reason, not an error. The answer holds until `validUntil`.",
  act: "checks.ask",
  bound: true,
  query: checkQuery,
  headers: ["If-None-Match"],
  answers: {
    200: { what: "The answer.", schema: checkAnswers.entitlements, headers: ["ETag", "Cache-Control"] },
    304: { what: "It is as the ETag says." },
  },
  problems: { 400: ["invalid_request"], 503: ["facts_unavailable", "database_unavailable"] },
};

export const askMany: RouteDescription = {
  id: "askMany",
  tag: "Checks",
  summary: "Up to 1,000 questions about any tenants, each answered or refused by itself",
  detail:
    "However many questions it holds, such a request counts as one check under the key's limit. Up to 25,000 decisions together. A question that cannot be read, or whose tenant cannot be looked up now, has an `error` in its place, and the rest are answered.",
  act: "checks.ask",
  bound: true,
  forbidsInResult: true,
  query: checksQuery,
  body: z.object({
    checks: z
      .array(z.union([checkItem, z.unknown()]))
      .min(1)
      .max(1_000),
  }),
  // 25,000 features, and the fields of 1,000 checks.
  bodyLimits: { maxBytes: 1024 * 1024, maxValues: 36_000 },
  bodyExample: {
    checks: [
      { tenant: "acme", feature: "sso" },
      { tenant: "acme", feature: "api_calls", requested: 50 },
    ],
  },
  answers: { 200: { what: "One result for each question, in the order asked.", schema: checkAnswers.checkResults } },
  problems: { 400: ["invalid_request", "invalid_json", "too_many_checks"] },
};

export const mintTokenDescription: RouteDescription = {
  id: "mintToken",
  tag: "Keys",
  summary: "Mint a short-lived token for browser checks of one tenant",
  act: "tokens.mint",
  limit: "requests",
  bound: true,
  params,
  body: tokenBody,
  bodyIsOptional: true,
  bodyExample: { ttl: 900 },
  answers: { 201: { what: "The token.", schema: checkAnswers.token } },
  problems: {
    400: ["invalid_request", "invalid_json"],
    403: ["secret_key_required"],
    404: ["tenant_not_found"],
    503: ["facts_unavailable", "database_unavailable"],
  },
};

export const getPosthogGroups: RouteDescription = {
  id: "getPosthogGroups",
  tag: "Tenants",
  summary: "What an app hands to its own PostHog client, so that events and flags carry the tenant",
  act: "checks.ask",
  limit: "requests",
  bound: true,
  params,
  headers: ["If-None-Match"],
  answers: {
    200: { what: "Groups and their properties.", schema: checkAnswers.posthogGroups, headers: ["ETag", "Cache-Control"] },
    304: { what: "It is as the ETag says." },
  },
  problems: { 400: ["invalid_request"], 403: ["secret_key_required"], 404: ["tenant_not_found"], 503: ["facts_unavailable"] },
};

const stream = (example: string) => ({
  200: { what: "A stream of server-sent events that stays open.", type: "text/event-stream", example: `retry: 1000\n\n${example}\n\n` },
});
const missingTenant = "This is missing: send text.";
const id = "id: 43-EJ9hMq8Gi63OZQ5H";
const later = { 503: ["stopping", "facts_unavailable"] };

export const listenToChanges: RouteDescription = {
  id: "listenToChanges",
  tag: "Checks",
  summary: "Stream changes of a tenant's entitlements",
  detail: "Sends ready first, then changed whenever the tenant's answers may have changed. With Last-Event-ID nothing is missed.",
  act: "checks.ask",
  limit: "requests",
  bound: true,
  query: streamParameters,
  headers: ["Last-Event-ID"],
  answers: stream(`${id}\nevent: ready\ndata: {"tenant":"acme","revision":43}`),
  problems: { 400: ["invalid_request"], 429: ["too_many_streams"], ...later },
  problemExamples: {
    invalid_request: { detail: missingTenant, field: "tenant", errors: [{ field: "tenant", message: missingTenant }] },
  },
};

export const listenForFlags: RouteDescription = {
  id: "listenForFlags",
  tag: "OpenFeature",
  summary: "Stream requests to re-evaluate all flags (OFREP 0.3)",
  detail: "Its address, ticket included, stands in the answer to evaluateFlags, for clients that can send no header.",
  act: null,
  query: z.object({ ticket: z.string().optional(), since: z.string().optional() }),
  headers: ["Last-Event-ID"],
  answers: stream(`${id}\nevent: message\ndata: {"type":"refetchEvaluation"}`),
  problems: { 401: ["ticket_invalid"], 429: ["too_many_streams", "rate_limited"], ...later },
};
