import type { z } from "zod";
import type * as answers from "./answers";
import { checkExamples, trialEnds, trialId } from "./check-examples";
import type { tenantUsageSchema } from "./usage-answers";
import { tenantUsageExample } from "./usage-examples";

/**
 * One consistent world for all examples: the tenant acme on the plan starter with a trial of sso, on 20 November 2026.
 * Responses are found by schema id, parameters by name. A route that adds a response or parameter adds its example
 * here; one with another meaning sets its own (`example`, or `.meta({ examples })`).
 */
type Of<S extends z.ZodType> = z.output<S>;

const now = "2026-11-20T10:00:00.000Z";

const grant = {
  id: trialId,
  feature: "sso",
  extends: null,
  note: "Asked for by phone",
  createdBy: "Billing",
  kind: "trial",
  value: true,
  startsAt: now,
  endsAt: trialEnds,
  endedAt: null,
  createdAt: now,
} satisfies Of<typeof answers.grant>;
const ofTenant = { tenant: "acme", state: "live", grant } satisfies Of<typeof answers.oneGrant>;

const tenantSummary = {
  key: "acme",
  name: "Acme",
  status: "active",
  plan: "starter",
  addOns: [],
  metadata: { region: "eu" },
  usageAnchor: null,
  createdAt: now,
  revision: 42,
} satisfies Of<typeof answers.tenantSummary>;

const sso = {
  key: "sso",
  name: "Single sign-on",
  description: null,
  group: "Security",
  askUrl: "https://acme.example/upgrade?feature=sso",
  type: "boolean",
  flag: null,
  archivedAt: null,
  revision: 4,
} satisfies Of<typeof answers.feature>;
const apiCalls = {
  key: "api_calls",
  name: "API calls",
  description: null,
  group: null,
  askUrl: null,
  type: "metered",
  meter: { resetPeriod: "month", soft: false, unit: "calls" },
  flag: null,
  archivedAt: null,
  revision: 5,
} satisfies Of<typeof answers.feature>;

const starter = {
  key: "starter",
  name: "Starter",
  description: null,
  kind: "base",
  rank: 10,
  includes: null,
  features: { api_calls: 1000 },
  archivedAt: null,
  revision: 6,
} satisfies Of<typeof answers.plan>;
const premium = {
  ...starter,
  key: "premium",
  name: "Premium",
  rank: 20,
  includes: "starter",
  features: { api_calls: 10000, sso: true },
  revision: 7,
} satisfies Of<typeof answers.plan>;

const auditEntry = {
  seq: 8,
  at: now,
  actor: { kind: "api_key", id: "key_EApA0sQwAvLbfsWnS6Ll", name: "Billing" },
  address: "192.0.2.17",
  action: "tenant.created",
  subjectKind: "tenant",
  subject: "acme",
  before: null,
  after: { name: "Acme", status: "active", plan: "starter", addOns: [], metadata: { region: "eu" } },
  documentsOmitted: false,
  why: null,
  changeSet: "cs_5tY0bJq2VbM1oXc8RwLd",
  revision: 8,
} satisfies Of<typeof answers.auditEntry>;

const undone = {
  dryRun: true,
  seq: 8,
  changeSet: null,
  changed: 1,
  refused: 0,
  changes: [{ subjectKind: "tenant", subject: "acme", before: { status: "active" }, after: { status: "archived" } }],
  documentsOmitted: false,
  stays: [],
  settled: [],
} satisfies Of<typeof answers.undone>;

const trialNumbers = {
  granted: 12,
  used: 9,
  converted: 5,
  extended: 2,
  lapsed: 3,
  open: 1,
  running: 3,
  medianDaysToUse: 1,
} satisfies Omit<Of<typeof answers.trialReport>["items"][number], "key">;

const nothing = { added: [], changed: [], archived: [], restored: [] };

type Answers = {
  Tenant: typeof answers.tenant;
  TenantPage: typeof answers.tenantPage;
  GrantPage: typeof answers.grantPage;
  GrantOfTenant: typeof answers.oneGrant;
  ScheduledChanges: typeof answers.scheduledChanges;
  ChangedGrants: typeof answers.changedGrants;
  TrialReport: typeof answers.trialReport;
  Plan: typeof answers.plan;
  PlanPage: typeof answers.planPage;
  Feature: typeof answers.feature;
  FeaturePage: typeof answers.featurePage;
  Imported: typeof answers.imported;
  TenantUsage: typeof tenantUsageSchema;
  Found: typeof answers.found;
  AuditEntry: typeof answers.auditEntry;
  AuditPage: typeof answers.auditPage;
  Undone: typeof answers.undone;
};

const examples: { [Id in keyof Answers]: Of<Answers[Id]> } = {
  Tenant: { ...tenantSummary, grants: [grant] },
  TenantPage: { items: [tenantSummary], next: null },
  GrantPage: { items: [ofTenant], next: null },
  GrantOfTenant: ofTenant,
  TrialReport: {
    from: "2025-12",
    to: "2026-11",
    groupBy: "feature",
    computedAt: now,
    total: trialNumbers,
    items: [{ key: "sso", ...trialNumbers }],
    next: null,
  },
  ScheduledChanges: {
    tenant: "acme",
    revision: 43,
    items: [
      {
        id: "sc_5xQ0sM21RW1pjgTWQWxE",
        at: "2027-01-01T00:00:00.000Z",
        by: "Billing",
        createdAt: now,
        note: "From the new contract on",
        plan: "premium",
        state: "coming",
        why: null,
      },
    ],
  },
  ChangedGrants: { tenant: "acme", revision: 43, grants: [grant], alreadyIncluded: [] },
  Plan: premium,
  PlanPage: { items: [starter, premium], next: null },
  Feature: sso,
  FeaturePage: { items: [apiCalls, sso], next: null },
  Imported: {
    dryRun: true,
    changed: true,
    revision: 7,
    features: { ...nothing, changed: [{ key: "sso", name: "Single sign-on", what: ["group: “Security” → none"] }] },
    plans: { ...nothing, archived: [{ key: "premium", name: "Premium", what: [] }] },
    tenants: { added: [], changed: [], skipped: [] },
  },
  TenantUsage: tenantUsageExample,
  Found: {
    tenants: { items: [{ key: "acme", name: "Acme", status: "active", plan: "starter" }], more: false },
    features: { items: [], more: false },
    plans: { items: [], more: false },
  },
  AuditEntry: auditEntry,
  AuditPage: { items: [auditEntry], next: null },
  Undone: undone,
};

export const exampleAnswers: { [schemaId: string]: unknown } = { ...examples, ...checkExamples };
