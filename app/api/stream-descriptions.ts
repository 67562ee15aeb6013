import { z } from "zod";
import { tenantKey } from "~/forms/tenant";
import type { RouteDescription } from "./describe";

const stream = (example: string) => ({
  200: { what: "A stream of server-sent events that stays open.", type: "text/event-stream", example: `retry: 1000\n\n${example}\n\n` },
});
const id = "id: 43-EJ9hMq8Gi63OZQ5H";
const later = { 503: ["stopping", "facts_unavailable"] };

export const listenToChanges: RouteDescription = {
  id: "listenToChanges",
  tag: "Checks",
  summary: "Be told at once when what a tenant may use changes",
  detail:
    "The event ready comes first, and changed whenever answers about the tenant may be others; after Last-Event-ID nothing is missed.",
  scope: "check",
  limit: "requests",
  bound: true,
  query: z.object({ tenant: tenantKey.optional().describe("May be left out with a key that is bound to one.") }),
  headers: ["Last-Event-ID"],
  answers: stream(`${id}\nevent: ready\ndata: {"tenant":"acme","revision":43}`),
  problems: { 400: ["invalid_query"], 429: ["too_many_streams"], ...later },
  problemExamples: { invalid_query: { detail: "Name one tenant: /api/stream?tenant=acme", field: "tenant" } },
};

export const listenForFlags: RouteDescription = {
  id: "listenForFlags",
  tag: "OpenFeature",
  summary: "Be told when to evaluate all flags again (OFREP 0.3)",
  detail: "Its address, ticket included, stands in the answer to evaluateFlags, for clients that can send no header.",
  scope: null,
  query: z.object({ ticket: z.string().optional(), since: z.string().optional() }),
  headers: ["Last-Event-ID"],
  answers: stream(`${id}\nevent: message\ndata: {"type":"refetchEvaluation"}`),
  problems: { 401: ["ticket_invalid"], 429: ["too_many_streams", "rate_limited"], ...later },
};
