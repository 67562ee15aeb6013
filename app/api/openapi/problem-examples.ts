import { bodyLimitsOf, bodyTooLarge } from "~/api/http/body-limits";
import { type RouteDescription, scopesOf } from "./describe";

/** The example of a code, in the world of examples.ts. tests/api/statuses.test.ts compares it with the server. */
export type ProblemExample = {
  detail: string;
  field?: string;
  /** Defaults to about:blank. */
  type?: string;
  errors?: { field: string; message: string }[];
  "violated-policies"?: string[];
};

const later = "Ask again in a few seconds.";
const other = "Create another one under API keys.";
const cannotReach = `The database is unreachable or locked. ${later}`;

/** For changes of the catalogue. */
export const publicationWaits: ProblemExample = {
  detail:
    "This takes something from up to 143 tenants, and beyond 100 tenants it needs a second person. Make the change in a draft of the plans, which someone else then publishes.",
};

/** By code. Routes with other messages have `problemExamples`. */
const table: { [code: string]: ProblemExample } = {
  key_missing: { detail: "Send an API key: Authorization: Bearer lk_live_… (or X-API-Key)." },
  key_malformed: {
    detail: "This is no API key of Latchkey: it has a typo or is cut off. A key begins with lk_live_ or lk_pub_ and 36 characters follow.",
  },
  key_unknown: { detail: "This API key does not exist here. Create one under API keys." },
  key_revoked: { detail: `This API key was revoked. ${other}` },
  key_expired: { detail: `This API key has expired. ${other}` },
  ticket_invalid: { detail: "This ticket has ended, or is none. Evaluate all flags again: the answer has a new one." },
  tenant_forbidden: { detail: "This API key is bound to the tenant acme and may not ask about others. Use a key without a tenant." },
  secret_key_required: { detail: "Only a secret key (lk_live_…) may ask for this. Let your server ask, and hand on what it gets." },

  invalid_json: { detail: "The body is not valid JSON." },
  too_many_checks: { detail: "This asks for 26000 decisions. Ask for up to 25000 in one request.", field: "checks" },
  address_too_long: { detail: "A part of the address is too long.", field: "path" },
  unsupported_media_type: {
    detail: "Send JSON, with Content-Type: application/json; a catalogue file also as application/yaml, tenants as text/csv.",
    field: "Content-Type",
  },

  tenant_not_found: { detail: "There is no tenant globex. Create it first with PUT /api/tenants/{key}.", field: "key" },
  grant_not_found: { detail: "There is no grant gr_7C40sM21RW1pjgTWQWxE.", field: "id" },
  plan_not_found: { detail: "There is no plan gold. Choose one that the catalogue has.", field: "plan" },
  feature_not_found: { detail: "There is no feature export. Choose one that the catalogue has.", field: "feature" },
  audit_entry_not_found: { detail: "There is no such entry in the audit log.", field: "seq" },

  undo_refused: { detail: "Acme is archived already." },
  not_undoable: { detail: "API keys cannot be brought back or taken back by an undo. Create, rotate or revoke one under API keys." },
  stale: { detail: "acme was changed since you read it. Read it again, then send the change with its new ETag.", field: "If-Match" },
  idempotency_key_in_use: {
    detail: "The first request with this Idempotency-Key is still being worked on. Ask again in a moment.",
    field: "Idempotency-Key",
  },
  idempotency_key_reused: {
    detail: "This Idempotency-Key was used for another request. Give every request its own.",
    field: "Idempotency-Key",
  },
  grant_overlaps: {
    detail: "Acme already has a trial of Single sign-on until 4 December 2026. Extend it, or end it first.",
    field: "feature",
  },
  grant_over: { detail: "This grant is over, so it can no longer be changed. Grant a new one instead.", field: "grant" },
  too_many_jobs: { detail: "You have 5 jobs that wait or run. Wait until one has ended, or cancel one." },
  job_not_found: { detail: "There is no job job_7C40sM21RW1pjgTWQWxE.", field: "id" },
  job_over: { detail: "This job is over already, so there is nothing to cancel." },
  plan_in_use: {
    detail: "2 tenants have Starter, so it cannot be deleted. Move them to another plan first, or archive it.",
  },

  schedule_in_past: { detail: "Choose a time in the future. To change it now, leave the time out.", field: "at" },
  schedule_unchanged: { detail: "Acme has Premium by then already. Choose another plan, or another time.", field: "plan" },
  period_changes_full: {
    detail:
      "The counts of API calls still depend on the last 12 changes of its reset period. Wait until the periods that these changes began are over.",
    field: "meter.resetPeriod",
  },
  schedule_full: { detail: "Acme has 20 scheduled changes, which is the most. Cancel one first." },
  schedule_not_found: {
    detail: "There is no scheduled change sc_5xQ0sM21RW1pjgTWQWxE. It may have been cancelled, or has taken effect.",
    field: "id",
  },
  guard_rail: {
    detail: "A trial lasts up to 30 days, extensions included. This one would last 90 days. To go on, send a reason.",
    field: "reason",
  },
  needs_approval: {
    detail: "A trial of more than 30 days needs a second person. It waits as the request rq_5xQ0sM21RW1pjgTWQWxE.",
  },
  request_not_found: { detail: "There is no such request.", field: "id" },
  request_decided: { detail: "This request was refused already, so nothing was changed." },
  requests_full: { detail: "50 requests for this tenant wait already. Grant or refuse some of them first." },
  request_limit: { detail: "acme asked 20 times within 24 hours. Ask again after 2026-11-21T09:00:00.000Z." },
  tenant_archived: { detail: "Acme is archived. Reinstate it before you grant it anything or extend what it has." },
  ends_in_past: { detail: "The end is in the past. Choose one that is still to come.", field: "endsAt" },
  ends_before_start: { detail: "The end has to be after the start.", field: "endsAt" },
  value_invalid: { detail: "Single sign-on is a boolean feature: its value is true, not 5. Give true, or leave it out.", field: "value" },
  plan_kind: { detail: "Boost is an add-on. Give it as an add-on, not as the plan.", field: "plan" },
  plan_unsuitable: { detail: "Acme is on Starter already. Choose another plan, or end the trial.", field: "plan" },
  plan_archived: { detail: "Starter is archived and cannot be newly given. Choose another plan.", field: "plan" },
  include_cycle: {
    detail: "Plans would include each other in a circle: Starter, Premium, Starter. Choose another plan to include.",
    field: "includes",
  },
  catalogue_too_large: {
    detail: "The catalogue would have 1,001 features in use. A catalogue can have 1,000. Archive features first.",
  },
  feature_archived: { detail: "Single sign-on is archived. Restore it before you grant it.", field: "feature" },
  feature_type: {
    detail: "Single sign-on is boolean and stays so, since plans and grants hold values of that type. Create a new feature instead.",
    field: "type",
  },
  flag_not_found: {
    detail:
      "PostHog has no flag sso that is switched on, so it would switch the feature off for everybody. Switch it on in PostHog, correct the key, or take the tie off the feature.",
    field: "flag",
  },
  flag_group_type: {
    detail:
      "The flag sso is about groups of another type than organization, so it says nothing of tenants. Let it match by organization in PostHog, or take the tie off the feature.",
    field: "flag",
  },
  invalid_catalogue: {
    detail: "line 1: plans: is missing: it has to be a map (key: value); and 1 more.",
    field: "line 1",
    errors: [
      { field: "line 1", message: "plans: is missing: it has to be a map (key: value)" },
      { field: "line 2", message: "features: has to be a map (key: value), not the number 5" },
    ],
  },

  posthog_off: { detail: "PostHog is off. Whoever runs this Latchkey sets POSTHOG_PROJECT_API_KEY and starts it again." },
  posthog_groups_unavailable: {
    detail: "Set POSTHOG_SECRET_KEY to a personal API key with the scope group:read, then start Latchkey again.",
  },
  comparison_running: { detail: "A comparison is under way already. Wait for its end, or cancel its job." },

  too_many_streams: {
    detail: "500 streams of this tenant are open here, which is as many as there may be. End one, or connect again later.",
  },
  internal_error: { detail: "Something went wrong on our side; the log has the reason under this request id." },
  database_unavailable: { detail: cannotReach },
  facts_unavailable: { detail: "The database cannot be read and this tenant is not in memory. Ask again in a moment." },
  stopping: { detail: "This process is about to stop. Connect again." },
};

type Route = Pick<RouteDescription, "act" | "limit" | "bodyLimits">;

/** Depends on the route alone. */
const made: { [code: string]: (route: Route) => ProblemExample } = {
  body_too_large: (route) => ({ detail: bodyTooLarge(bodyLimitsOf(route)), field: "body" }),
  scope_missing: ({ act }) => ({ detail: `This API key lacks the scope "${scopesOf(act ?? []).join('" or "')}". Use a key that has it.` }),
  rate_limited: ({ act, limit }) => {
    const name = limit ?? (scopesOf(act ?? []).includes("check") ? "checks" : "requests");
    return {
      type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
      detail: `This key has sent 6000 ${name} within a minute. Wait 3 s, then go on.`,
      "violated-policies": [name],
    };
  },
};

/** `isShared`: the same on every route. Null if there is no example yet. */
export function problemExample(
  route: Route & Pick<RouteDescription, "problemExamples">,
  status: number,
  code: string,
): { example: ProblemExample; isShared: boolean } | null {
  const own = route.problemExamples?.[`${status} ${code}`] ?? route.problemExamples?.[code] ?? made[code]?.(route);
  if (own) return { example: own, isShared: false };
  const shared = table[code];
  return shared ? { example: shared, isShared: true } : null;
}
