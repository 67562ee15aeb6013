import type { FastifyInstance } from "fastify";
import { consumeBody, maxEventsPerRequest, readReport, usageBody, usageBodyShown } from "~/forms/usage/usage";
import type { CachedKey } from "~/server/keys/key-cache.server";
import type { Services } from "~/server/services.server";
import { type Consumed, consume } from "~/server/usage/consume.server";
import { type Recorded, recordUsage, type UsageRefused } from "~/server/usage/usage.server";
import { forbiddenIn, forbiddenTenant, isFor } from "./http/authenticate.server";
import { faultsOf } from "./http/parse.server";
import { addWrite } from "./http/route.server";
import * as checkAnswers from "./openapi/check-answers";

/** The key may not consume for this tenant; nothing was done. */
type Forbidden = { forbidden: CachedKey };

const exampleEvent = { tenant: "acme", feature: "api_calls", quantity: 3, idempotencyKey: "job-4711" };
const inner = ["tenant_not_found", "feature_not_found", "feature_type"] as const;

/** Requires the scope `usage`. What is answered as recorded is durable. */
export async function usageApi(app: FastifyInstance, { services }: { services: Services }) {
  addWrite(
    app,
    services,
    "POST /api/usage",
    {
      id: "reportUsage",
      tag: "Usage",
      summary: "Report what tenants consumed",
      detail: `Up to ${maxEventsPerRequest} events. Each is recorded, known already (the same idempotencyKey of the same tenant within 7 days) or refused by itself. An event is ${JSON.stringify(exampleEvent)}; \`action\` is add or set, for what goes down again such as seats; so is a quantity below 0. A counter keeps its true sum, and what is shown is never below 0. In each period the \`set\` with the newest \`time\` counts, and among equal times the one that arrived last; an event that is older than it is recorded and answered \`superseded\`. \`time\` is at most 7 days ago and 5 minutes ahead; a late event counts in the period that it belongs to.`,
      act: "usage.report",
      bound: true,
      forbidsInResult: true,
      headers: ["Idempotency-Key"],
      body: usageBody,
      bodyShown: usageBodyShown,
      // A thousand events with long keys.
      bodyLimits: { maxBytes: maxEventsPerRequest * 1_000, maxValues: maxEventsPerRequest * 20 },
      bodyExample: { events: [exampleEvent] },
      answers: { 200: { what: "What became of each event.", schema: checkAnswers.usageResults, headers: ["Idempotency-Replayed"] } },
      problems: {
        400: ["invalid_request", "invalid_json"],
        409: ["idempotency_key_in_use"],
        422: ["idempotency_key_reused"],
        503: ["facts_unavailable"],
      },
    },
    async ({ services, body, key }): Promise<Recorded[]> => {
      const read = body.events.map(readReport);
      const recorded = await recordUsage(
        services,
        read.flatMap((r) => (r.ok && isFor(key, r.report.tenant) ? [r.report] : [])),
      );
      let next = 0;
      return read.map((r): Recorded => {
        if (!r.ok) return refusalOf("issues" in r.error ? faultsOf(r.error)[0] : r.error);
        return isFor(key, r.report.tenant) ? (recorded[next++] as Recorded) : { status: "refused", ...forbiddenIn(key) };
      });
    },
    (results) => {
      const count = (status: Recorded["status"]) => results.filter((r) => r.status === status).length;
      const counts = {
        recorded: count("recorded"),
        superseded: count("superseded"),
        duplicates: count("duplicate"),
        refused: count("refused"),
      };
      return { status: 200, body: { ...counts, results } };
    },
    { isSafeToRepeat: true },
  );

  addWrite(
    app,
    services,
    "POST /api/usage/consume",
    {
      id: "consume",
      tag: "Usage",
      summary: "Consume and be told, or be refused and consume nothing",
      detail:
        "Of many that ask at once for the last units exactly as many get them as there are. The same `idempotencyKey` gets the same answer again within 7 days, also where it was a no.",
      act: "usage.report",
      bound: true,
      headers: ["Idempotency-Key"],
      body: consumeBody,
      bodyExample: { tenant: "acme", feature: "api_calls", quantity: 1 },
      answers: {
        200: { what: "Whether it was consumed, and what is left.", schema: checkAnswers.consumed, headers: ["Idempotency-Replayed"] },
      },
      problems: {
        400: ["invalid_request", "invalid_json"],
        409: ["idempotency_key_reused", "idempotency_key_in_use"],
        422: [...inner, "idempotency_key_reused"],
        503: ["facts_unavailable"],
      },
      problemExamples: {
        "409 idempotency_key_reused": {
          detail: "This idempotency key was used for another report. Give every report its own.",
          field: "idempotencyKey",
        },
        tenant_not_found: { detail: "There is no tenant globex.", field: "tenant" },
        feature_not_found: { detail: "There is no feature export.", field: "feature" },
        feature_type: { detail: "Single sign-on is not metered, so nothing of it is consumed.", field: "feature" },
      },
    },
    async ({ services, body, key }): Promise<Consumed | UsageRefused | Forbidden> =>
      isFor(key, body.tenant) ? consume(services, body) : { forbidden: key },
    (result) => {
      if ("forbidden" in result) return { problem: forbiddenTenant(result.forbidden) };
      if (!("status" in result)) return { status: 200, body: result };
      const { code, message, field } = result;
      return { problem: { status: code === "idempotency_key_reused" ? 409 : 422, code, detail: message, field } };
    },
  );
}

function refusalOf(issue: { path: PropertyKey[]; message: string } | undefined): Recorded {
  return {
    status: "refused",
    code: "invalid_request",
    message: issue?.message ?? "This is no event.",
    field: issue?.path.join(".") || "event",
  };
}
