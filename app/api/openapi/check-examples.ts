import type { z } from "zod";
import type * as answers from "./check-answers";

const nextMonth = "2026-12-01T00:00:00.000Z";
export const trialId = "gr_7C40sM21RW1pjgTWQWxE";
export const trialEnds = "2026-12-04T10:00:00.000Z";

const onTrial = {
  entitled: true,
  type: "boolean",
  source: "trial",
  reason: { code: "trial", message: "On trial until 4 December 2026." },
  expiresAt: trialEnds,
  validUntil: trialEnds,
  sources: [{ source: "trial", grant: trialId, expiresAt: trialEnds, wins: true }],
} satisfies z.output<typeof answers.entitlementSchema>;
const metered = {
  entitled: true,
  type: "metered",
  limit: 1000,
  used: 4,
  remaining: 996,
  resetPeriod: "month",
  resetsAt: nextMonth,
  softLimit: false,
  source: "plan",
  reason: { code: "plan", message: "Part of Starter." },
  expiresAt: null,
  validUntil: nextMonth,
  sources: [{ source: "plan", plan: "starter", limit: 1000, wins: true }],
} satisfies z.output<typeof answers.entitlementSchema>;

type CheckAnswers = {
  UsageResults: typeof answers.usageResults;
  Entitlements: typeof answers.entitlements;
  Consumed: typeof answers.consumed;
  CheckResults: typeof answers.checkResults;
  Token: typeof answers.token;
  PosthogGroups: typeof answers.posthogGroups;
};

/** Examples of what apps are answered, by schema id. */
export const checkExamples: { [Id in keyof CheckAnswers]: z.output<CheckAnswers[Id]> } = {
  UsageResults: {
    recorded: 1,
    superseded: 0,
    duplicates: 0,
    refused: 1,
    results: [
      { status: "recorded", used: 41, remaining: 959, resetsAt: nextMonth },
      { status: "refused", code: "invalid_request", message: "A quantity is a whole number.", field: "quantity" },
    ],
  },
  Entitlements: {
    tenant: "acme",
    plan: "starter",
    validUntil: nextMonth,
    revision: 43,
    isStale: false,
    entitlements: { sso: onTrial, api_calls: metered },
  },
  Consumed: { consumed: true, tenant: "acme", feature: "api_calls", entitlement: metered },
  CheckResults: {
    results: [
      { tenant: "acme", feature: "sso", ...onTrial },
      { tenant: "acme", feature: "api_calls", ...metered },
      { tenant: "acme", error: { code: "invalid_request", message: "Name one feature, or a list of features.", field: "feature" } },
    ],
  },
  Token: { token: "lk_tok_…", tenant: "acme", expiresAt: "2026-11-20T10:15:00.000Z" },
  PosthogGroups: {
    groups: { organization: "acme" },
    groupProperties: {
      organization: {
        name: "Acme",
        tenant_key: "acme",
        status: "active",
        has_plan: "true",
        plan: "starter",
        has_trial: "true",
        live_trials: "sso",
      },
    },
  },
};
