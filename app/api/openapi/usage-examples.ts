const now = "2026-11-20T10:00:00.000Z";
const nextMonth = "2026-12-01T00:00:00.000Z";

export const tenantUsageExample = {
  tenant: "acme",
  from: "2026-11-19",
  to: "2026-11-20",
  checks: {
    allowed: 5,
    refused: 1,
    previous: 3,
    days: [
      { day: "2026-11-19", allowed: 0, refused: 0 },
      { day: "2026-11-20", allowed: 5, refused: 1 },
    ],
    features: [{ feature: "sso", allowed: 5, refused: 1, firstAt: now, lastAt: now }],
    sources: [
      { source: "trial", allowed: true, count: 5 },
      { source: "none", allowed: false, count: 1 },
    ],
  },
  consumption: [
    {
      feature: "api_calls",
      unit: "calls",
      limit: 1000,
      used: 4,
      remaining: 996,
      resetPeriod: "month" as const,
      resetsAt: nextMonth,
      softLimit: false,
      setAt: null,
      setBy: null,
      percent: 0.4,
      projected: 6,
      history: [
        { start: "2026-10-01T00:00:00.000Z", used: 9 },
        { start: "2026-11-01T00:00:00.000Z", used: 4 },
      ],
    },
  ],
  trials: [{ id: "gr_7C40sM21RW1pjgTWQWxE", feature: "sso", from: "2026-11-20", to: "2026-11-20", checks: 5, added: null }],
  notAsked: ["api_calls"],
};

export const usageListExample = {
  items: [
    {
      tenant: "acme",
      name: "Acme",
      plan: "starter",
      feature: "api_calls",
      unit: "calls",
      used: 850,
      limit: 1000,
      percent: 85,
      previous: 640,
      projected: 1314,
      resetPeriod: "month" as const,
      resetsAt: nextMonth,
    },
  ],
  next: null,
  staleSince: null,
};

export const demandListExample = {
  from: "2026-10-22",
  items: [{ feature: "sso", refusals: 41, previous: 12, tenants: 3, plans: [{ plan: "starter", tenants: 3 }], lowestPlan: "premium" }],
  next: null,
  staleSince: null,
};

const checksOf = (allowed: number, refused: number) => ({
  ...{ allowed, refused, previous: 3 },
  days: [{ day: "2026-11-20", allowed, refused }],
});

export const comparedTenantsExample = {
  from: "2026-11-20",
  to: "2026-11-20",
  tenants: [
    { tenant: "acme", name: "Acme", status: "active" as const, plan: "starter", addOns: [], entitled: 1, checks: checksOf(5, 1) },
    { tenant: "globex", name: "Globex", status: "active" as const, plan: "premium", addOns: [], entitled: 2, checks: checksOf(9, 0) },
  ],
  features: { all: 2, different: 2 },
  items: [
    {
      feature: "api_calls",
      type: "metered" as const,
      difference: "answer" as const,
      answers: [
        { entitled: true, reason: "plan" as const, source: "plan", used: 850, limit: 1000, percent: 85 },
        { entitled: true, reason: "plan" as const, source: "plan", used: 400, limit: 10000, percent: 4 },
      ],
    },
    {
      feature: "sso",
      type: "boolean" as const,
      difference: "answer" as const,
      answers: [
        { entitled: false, reason: "not_in_plan" as const, source: null },
        { entitled: true, reason: "plan" as const, source: "plan" },
      ],
    },
  ],
  next: null,
};
