import { type ApprovalRules, actOfChange, needsApproval, whyApproval } from "~/core/approvals/approvals";
import type { Catalogue } from "~/core/catalogue/catalogue";
import type { TenantChange } from "~/core/decision/changes";
import type { Instant } from "~/core/model";
import { type Outcome, refuse } from "~/core/outcome";
import { allowed, type GuardRails, type RailedAct, type RailRole, railAdvice, type TrialSpan } from "./guard-rails";

/** What binds a change of a tenant's grants, as of its transaction. `approvals`: null if a second person decides it. */
export type TrialBounds = { rules: GuardRails; role: RailRole; spans: readonly TrialSpan[]; approvals: ApprovalRules | null };

/**
 * The outcome of granting, extending or ending trials, unless it passes a guard rail and that is not allowed, or
 * needs a second person. `bounds`: null if nothing binds the caller.
 */
export function withinRails(
  outcome: Outcome<TenantChange>,
  bounds: TrialBounds | null,
  reason: string | null | undefined,
  catalogue: Catalogue,
): Outcome<TenantChange> {
  const within = withinLimits(outcome, bounds, reason, catalogue);
  if (!bounds?.approvals || !within.ok || !within.change) return within;
  const why = whyApproval(within.change, bounds.approvals, bounds.spans);
  if (why === null) return within;
  const act = actOfChange(within.change);
  // Beyond a guard rail the reason replaces the note, which is the grant's own.
  const note = outcome.ok ? (outcome.change?.why ?? null) : null;
  return needsApproval(why, act && { act, note, reason: within.change.railsPassed ? within.change.why : null });
}

function withinLimits(
  outcome: Outcome<TenantChange>,
  bounds: TrialBounds | null,
  reason: string | null | undefined,
  catalogue: Catalogue,
): Outcome<TenantChange> {
  if (!bounds || !outcome.ok || !outcome.change) return outcome;
  const verdicts = railedActs(outcome.change, catalogue).map((act) => allowed(act, bounds.role, bounds.rules, bounds.spans));
  const beyond = verdicts.flatMap((verdict) => (verdict.may === "yes" ? [] : [verdict]));
  if (beyond.length === 0) return outcome;
  const passed = beyond.flatMap((verdict) => verdict.passed);
  const sentences = [...new Set(passed.map(({ sentence }) => sentence))].slice(0, maxSentences).join(" ");
  const why = bounds.rules.why === null ? "" : ` ${bounds.rules.why}`;
  if (beyond.some(({ may }) => may === "no")) return refuse("guard_rail", `${sentences}${why} ${railAdvice("no")}`);
  if (!reason?.trim()) {
    const advice = bounds.role === "program" ? "To go on, send a reason." : railAdvice("with_reason");
    return refuse("guard_rail", `${sentences}${why} ${advice}`, "reason");
  }
  const railsPassed = [...new Set(passed.map(({ rail }) => rail.replaceAll("_", " ")))];
  return { ok: true, change: { ...outcome.change, why: reason, railsPassed } };
}

/** Of features that were granted a trial too lately, a list names each. */
const maxSentences = 5;

/** What guard rails see in a change. */
export function railedActs({ action, grants }: TenantChange, { features: named }: Catalogue): RailedAct[] {
  if (action === "trial.ended") return [{ kind: "end" }];
  const made = grants.flatMap((grant) => (grant.kind === "trial" && grant.endedAt === null ? [grant] : []));
  const [first] = made;
  if (!first) return [];
  if (action === "trial.extended") return made.map((trial) => ({ kind: "extend", grant: trial.extends as string, endsAt: trial.endsAt }));
  if (action !== "trial.granted") return [];
  const features = made.map(({ feature }) => ({ feature, name: named.get(feature)?.name ?? feature }));
  const isBundle = first.bundle !== undefined;
  return [{ kind: "grant", features, isBundle, startsAt: first.startsAt, endsAt: first.endsAt as Instant }];
}
