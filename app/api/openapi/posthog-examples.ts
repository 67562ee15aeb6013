/** Examples of PostHog routes. */
export const groupSyncExample = {
  host: "https://eu.i.posthog.com",
  appHost: "https://eu.posthog.com",
  groupType: "organization",
  projectId: "4711",
  counts: { tenants: 120, inSync: 118, pending: 1, failing: 1, unseen: 0 },
  lastSentAt: "2026-11-20T09:59:58.000Z",
  lastError: { at: "2026-11-20T09:58:00.000Z", why: "PostHog answered 500." },
  down: null,
  resync: {
    by: "Ada",
    startedAt: "2026-11-20T08:00:00.000Z",
    total: 120,
    done: 120,
    doneAt: "2026-11-20T08:00:09.000Z",
    job: "job_7C40sM21RW1pjgTWQWxE",
  },
  waiting: [
    {
      tenant: "acme",
      name: "Acme",
      since: "2026-11-20T09:58:00.000Z",
      attempts: 2,
      nextAttemptAt: "2026-11-20T10:00:30.000Z",
      lastError: "PostHog answered 500.",
    },
  ],
  flags: { tied: 3, isLocal: true, answeredAt: "2026-11-20T09:59:50.000Z", trouble: null },
};

export const tenantSyncExample = {
  tenant: "acme",
  groupType: "organization",
  state: "pending",
  since: "2026-11-20T09:59:59.000Z",
  attempts: 0,
  lastError: null,
  nextTryAt: "1970-01-01T00:00:00.000Z",
  sentAt: "2026-11-19T12:00:00.000Z",
  sent: { name: "Acme", tenant_key: "acme", status: "active", plan: "starter" },
  wanted: { name: "Acme", tenant_key: "acme", status: "active", plan: "premium" },
  flags: [{ flag: "sso-beta", features: [{ key: "sso", name: "Single sign-on" }], now: { state: "on" }, last: null, unknownBecause: null }],
  flagTrouble: null,
};

export const flagLinksExample = {
  items: [
    {
      feature: "sso",
      name: "Single sign-on",
      flag: "sso-beta",
      rule: "grant",
      isKnown: true,
      link: "https://eu.posthog.com/project/4711/feature_flags/12",
      findings: [
        {
          code: "inactive",
          says: "The flag is inactive, so it adds nothing.",
          todo: "Switch it on in PostHog, or take the tie off the feature.",
        },
      ],
    },
  ],
  trouble: null,
};

export const metadataKeysExample = {
  items: [
    { key: "region", tenants: 118, chosen: true },
    { key: "seats", tenants: 40, chosen: false },
  ],
};

const drift = {
  job: "job_7C40sM21RW1pjgTWQWxE",
  by: "Ada",
  startedAt: "2026-11-20T10:00:00.000Z",
  finishedAt: "2026-11-20T10:00:02.000Z",
  read: 120,
  isCut: false,
  same: 118,
  different: 1,
  missing: 0,
  unknown: 0,
  waiting: 1,
  rows: [{ key: "acme", kind: "different", ours: { plan: "premium" }, theirs: { plan: "starter" } }],
  error: null,
};

export const driftDone = { isRunning: false, whyNot: null, result: drift };
export const driftBegun = {
  isRunning: true,
  whyNot: null,
  result: { ...drift, finishedAt: null, read: 0, same: 0, different: 0, waiting: 0, rows: [] },
};
