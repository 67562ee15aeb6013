import type { RequestedAct, StoredRequest } from "~/core/requests/request";

/** `reason`: why guard rails may be passed. `keys`: the tenants of a bulk act, if they are named. */
export type ActToApprove = { act: RequestedAct; note: string | null; reason: string | null; keys?: string[] | null };

/** Why a change is refused: a stable code, a sentence with the way out, and the field. */
export type Refusal = {
  ok: false;
  code: RefusalCode;
  message: string;
  field?: string;
  /** What to do once a second person approves it. Absent unless it needs one. */
  held?: ActToApprove;
  /** Where it waits for that. */
  request?: StoredRequest;
};

/** `change` is null if nothing differs, and nothing is written. */
export type Outcome<Change> = { ok: true; change: Change | null } | Refusal;

export const refusalCodes = [
  "tenant_not_found",
  "tenant_exists",
  "tenant_archived",
  "plan_not_found",
  "plan_exists",
  "plan_archived",
  "plan_in_use",
  "plan_kind",
  "plan_unsuitable",
  "include_cycle",
  "feature_not_found",
  "feature_exists",
  "feature_archived",
  "feature_type",
  "flag_not_found",
  "flag_group_type",
  "value_invalid",
  "ends_before_start",
  "ends_in_past",
  "grant_overlaps",
  "grant_not_found",
  "grant_over",
  "schedule_in_past",
  "schedule_unchanged",
  "schedule_full",
  "period_changes_full",
  "schedule_not_found",
  "catalogue_too_large",
  "guard_rail",
  "needs_approval",
  "requests_full",
  "request_not_found",
  "request_decided",
  "stale",
  "not_empty",
  "too_many_jobs",
  "job_over",
  "comparison_running",
  "not_undoable",
  "undo_refused",
] as const;
export type RefusalCode = (typeof refusalCodes)[number];

export function refuse(code: RefusalCode, message: string, field?: string): Refusal {
  return field === undefined ? { ok: false, code, message } : { ok: false, code, message, field };
}
