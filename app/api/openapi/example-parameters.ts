/**
 * Example values of path and query parameters by name, in the world of examples.ts. For lists one item; for enums the
 * first value unless given here.
 */
export const exampleParameters: { [name: string]: unknown } = {
  key: "acme",
  tenant: "acme",
  id: "gr_7C40sM21RW1pjgTWQWxE",
  plan: "starter",
  feature: "sso",
  addOn: "boost",
  trialEndsWithin: 14,
  metadata: "Region",
  metadataKey: "region",
  metadataValue: "eu",
  seq: 8,
  user: "u1",
  requested: 50,
  at: "2026-11-20T10:00:00.000Z",
  explain: "1",
  after: "2026-11-20T00:00:00.000Z",
  before: "2026-11-27T00:00:00.000Z",
  endsAfter: "2026-11-20T00:00:00.000Z",
  endsBefore: "2026-12-20T00:00:00.000Z",
  createdBy: "Billing",
  from: "2025-12",
  to: "2026-11",
  search: "ac",
  q: "ac",
  group: "Security",
  limit: 50,
  days: 30,
  minPercent: 80,
  subject: "acme",
  actor: "api_key:key_EApA0sQwAvLbfsWnS6Ll",
  action: "tenant.created",
  archived: "0",
  dryRun: "1",
  tenants: "1",
  ticket: "lk_sse_…",
  since: "EJ9hMq8Gi63OZQ5H",
};

/** A catalogue file, and the same as JSON. */
export const exampleFile = "latchkey: 1\nfeatures:\n  sso: Single sign-on\nplans:\n  starter:\n    features: [sso]\n";
export const exampleFileAsJson = { latchkey: 1, features: { sso: "Single sign-on" }, plans: { starter: { features: ["sso"] } } };
