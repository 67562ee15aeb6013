import { z } from "zod";
import { lastInstant } from "~/core/model";
import { requestStates } from "~/core/requests/request";
import { featureKey, tenantKey } from "~/forms/entity-keys";
import { cursor, limit } from "~/forms/pagination";
import { note } from "~/forms/tenants/tenant";

const requestId = z
  .string()
  .regex(/^[A-Za-z0-9_]{1,70}$/, "That is not a request's id.")
  .meta({ examples: ["rq_7C40sM21RW1pjgTWQWxE"] });

/** POST /api/requests/{id}/withdraw */
export const requestParams = z.object({ id: requestId });

/** The approved request whose key is created. */
export const usedRequest = z.object({ id: requestId });

const days = z.coerce
  .number("Give whole days from 1 to 3,650.")
  .int("Give whole days from 1 to 3,650.")
  .min(1, "Give whole days from 1 to 3,650.")
  .max(3_650, "Give whole days from 1 to 3,650.");

/** `days`: of a trial whose request does not say how long. */
export const requestDecision = z
  .object({
    id: requestId,
    intent: z.enum(["grant", "refuse", "preview", "withdraw"], "Grant or refuse it."),
    days: days.default(14),
    answer: note.optional(),
  })
  .refine((form) => form.intent !== "refuse" || form.answer, { path: ["answer"], error: "Write why, for the one who asked." });

/** POST /api/requests */
export const requestBody = z.strictObject({
  tenant: tenantKey,
  feature: featureKey,
  user: z
    .string()
    .trim()
    .min(1, "A user has 1 to 200 characters.")
    .max(200, "A user has 1 to 200 characters.")
    .regex(/^[^\p{Cc}]*$/u, "A user is one line of text.")
    .nullish()
    .describe("Who asks, as people should read it: a name, an id or an e-mail address."),
  note: note.nullish().describe("Why, as the user wrote it."),
});

const place = cursor([1795168800000, "rq_7C40sM21RW1pjgTWQWxE"], z.int().min(0).max(lastInstant), z.string().max(100));

/** GET /api/requests */
export const requestsQuery = z.object({
  state: z
    .enum(requestStates, `A state is one of ${requestStates.join(", ")}.`)
    .optional()
    .describe("Only requests in this state."),
  tenant: tenantKey.optional().describe("Only requests for this tenant."),
  cursor: place.optional(),
  limit,
});

/** The page of requests. Anything else in its address counts as not given. */
export function readRequestsPageQuery(params: URLSearchParams) {
  const after = place
    .optional()
    .catch(undefined)
    .parse(params.get("after") ?? undefined);
  return {
    state: z.enum(requestStates).catch("waiting").parse(params.get("state")),
    tenant: tenantKey
      .optional()
      .catch(undefined)
      .parse(params.get("tenant") || undefined),
    after: after && { createdAt: after[0], id: after[1] },
  };
}
