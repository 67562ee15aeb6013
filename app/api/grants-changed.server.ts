import { changeAfter } from "~/core/grants/plan-after";
import { isoTime } from "~/core/time";
import type { TenantChangeResult } from "~/server/changes/tenant-change.server";
import { type Answered, refusalProblem } from "./http/answered.server";
import { grantOnWire } from "./http/wire";
import * as answers from "./openapi/answers";

/** Shared by all changes of grants. */
export const aboutIfMatch = "`If-Match` takes the tenant's revision: the ETag of the tenant, of its grants or of one of them.";

/** Problems of the plan that a trial leads to. */
export const planAfterProblems = {
  plan_kind: { detail: "Boost is an add-on. Give it as an add-on, not as the plan.", field: "whenItEnds.plan" },
  schedule_unchanged: { detail: "Acme has Premium by then already. Choose another plan, or another time.", field: "whenItEnds.plan" },
};

export const describedGrants = (status: 200 | 201) => ({
  [status]: {
    what: "What became of the grants, and the tenant's new revision.",
    schema: answers.changedGrants,
    headers: ["ETag", "Idempotency-Replayed"] as const,
  },
});

export function changedGrantsAnswer(status: 200 | 201) {
  return (result: TenantChangeResult): Answered => {
    if (!result.ok) return refusalProblem(result);
    const { facts, change } = result;
    const skipped = change?.skipped ? { skipped: change.skipped } : {};
    const included = change?.action === "trial.granted" ? { alreadyIncluded: change.alreadyIncluded ?? [] } : {};
    const grants = (change?.grants ?? []).map(grantOnWire);
    const plan = change?.set.plan == null ? {} : { plan: change.set.plan };
    const next = changeAfter(facts?.scheduled, change?.grants.filter(({ endedAt }) => endedAt === null) ?? []);
    const whenItEnds = next?.plan == null ? {} : { whenItEnds: { plan: next.plan, at: isoTime(next.at), scheduled: next.id } };
    return { status, body: { tenant: facts?.key, revision: facts?.revision, grants, ...plan, ...whenItEnds, ...skipped, ...included } };
  };
}
