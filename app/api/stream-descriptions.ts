import { z } from "zod";
import { tenantKey } from "~/forms/tenant";
import type { RouteDescription } from "./describe";

const stream = { 200: { what: "A stream of server-sent events that stays open.", type: "text/event-stream" } };
const later = { 503: ["stopping", "facts_unavailable"] };

export const listenToChanges: RouteDescription = {
  id: "listenToChanges",
  tag: "Checks",
  summary: "Be told at once when what a tenant may use changes",
  detail:
    "The event ready comes first, and changed whenever answers about the tenant may be others; after Last-Event-ID nothing is missed.",
  scope: "check",
  bound: true,
  query: z.object({ tenant: tenantKey.optional().describe("May be left out with a key that is bound to one.") }),
  headers: ["Last-Event-ID"],
  answers: stream,
  problems: { 400: ["invalid_query"], 429: ["too_many_streams"], ...later },
};

export const listenForFlags: RouteDescription = {
  id: "listenForFlags",
  tag: "OpenFeature",
  summary: "Be told when to evaluate all flags again (OFREP 0.3)",
  detail: "Its address, ticket included, stands in the answer to evaluateFlags, for clients that can send no header.",
  scope: null,
  query: z.object({ ticket: z.string().optional(), since: z.string().optional() }),
  headers: ["Last-Event-ID"],
  answers: stream,
  problems: { 401: ["ticket_invalid"], 429: ["too_many_streams", "rate_limited"], ...later },
};
