import type { ListFormat } from "./core/list-file";

/** All URLs we link to. Keys in the path are encoded by `segment`; routes decode them with `keyOf`. */

const dialect: Record<string, string> = { "~": "~7E", "%": "~25", ".": "~2E" };

/**
 * Encodes a key as one path segment. Percent-encoding is not enough: browsers collapse `.` and `..` even when encoded,
 * React Router decodes `%2F` to a slash, Remix strips a trailing `.data`, and `new` is our own page.
 */
export function segment(key: string): string {
  const awkward = key === "new" || key === "." || key === ".." || key.startsWith("~") || key.includes("%") || key.endsWith(".data");
  return encodeURIComponent(awkward ? `~${key.replace(/[~%.]/g, (c) => dialect[c] ?? c)}` : key);
}

/** Decodes a route's param written by `segment`. */
export function keyOf(param: string | undefined): string {
  if (!param?.startsWith("~")) return param ?? "";
  return param.slice(1).replace(/~(7E|25|2E)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

type Query = Record<string, string | number | null | undefined>;

export function withQuery(path: string, query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== null && value !== undefined && value !== "") search.set(name, String(value));
  const text = search.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** With one parameter that is given several times. */
function withRepeated(path: string, name: string, values: readonly string[], query: Query): string {
  const repeated = new URLSearchParams(values.map((value) => [name, value])).toString();
  const rest = withQuery("", query).slice(1);
  return [path, [repeated, rest].filter(Boolean).join("&")].filter(Boolean).join("?");
}

const tenantPath = (key: string) => `/tenants/${segment(key)}`;

/** Lists that `/lists` has as files. */
export type ExportableList = "tenants" | "trials" | "plans" | "features" | "keys" | "people";

export const paths = {
  home: () => "/",
  search: (q?: string) => withQuery("/search", { q }),
  theme: () => "/theme",
  /** posthog-js reaches PostHog through this path. */
  relay: () => "/relay",

  signIn: (returnTo?: string) => withQuery("/sign-in", { returnTo }),
  signInCode: (returnTo?: string) => withQuery("/sign-in/code", { returnTo }),
  signOut: () => "/sign-out",
  setup: (token: string) => `/setup/${segment(token)}`,
  welcome: () => "/welcome",
  invite: (token: string) => `/invite/${segment(token)}`,
  account: () => "/account",
  secondFactor: () => "/account/second-factor",

  tenants: (query: Query = {}) => withQuery("/tenants", query),
  tenantNew: () => "/tenants/new",
  /** Only for forms. */
  tenantViews: () => "/tenant-views",
  tenantColumns: () => "/tenant-columns",
  tenant: (key: string, query: Query = {}) => withQuery(tenantPath(key), query),
  tenantFeatures: (key: string, query: Query = {}) => withQuery(`${tenantPath(key)}/features`, query),
  tenantGrants: (key: string, query: Query = {}) => withQuery(`${tenantPath(key)}/grants`, query),
  tenantUsage: (key: string, query: Query = {}) => withQuery(`${tenantPath(key)}/usage`, query),
  tenantUsageExport: (key: string, query: Query = {}) => withQuery(`${tenantPath(key)}/usage/export`, query),
  tenantAudit: (key: string, query: Query = {}) => withQuery(`${tenantPath(key)}/audit`, query),
  tenantPosthog: (key: string) => `${tenantPath(key)}/posthog`,
  tenantEdit: (key: string) => `${tenantPath(key)}/edit`,
  tenantStatus: (key: string, to?: string) => withQuery(`${tenantPath(key)}/status`, { to }),
  tenantPlan: (key: string, query: Query = {}) => withQuery(`${tenantPath(key)}/plan`, query),
  /** Of all tenants. */
  comingChanges: (query: Query = {}) => withQuery("/coming-changes", query),
  tenantScheduled: (key: string, id: string) => `${tenantPath(key)}/scheduled/${segment(id)}`,
  trialNew: (key: string, feature?: string) => withQuery(`${tenantPath(key)}/trial`, { feature }),
  /** The form with the features and the length of a preset. */
  trialOfPreset: (key: string, { features, days }: { features: readonly string[]; days: number }, returnTo?: string) =>
    withRepeated(`${tenantPath(key)}/trial`, "feature", features, { days, returnTo }),
  /** The form for the bundle of a plan, with its preview. */
  trialOfPlan: (key: string, query: Query & { plan: string }) => withQuery(`${tenantPath(key)}/trial`, { what: "plan", ...query }),
  overrideNew: (key: string, feature?: string, effect?: "allow" | "deny") => withQuery(`${tenantPath(key)}/override`, { feature, effect }),
  grantExtend: (key: string, grantId: string) => `${tenantPath(key)}/grants/${segment(grantId)}/extend`,
  grantConvert: (key: string, grantId: string, plan?: string) =>
    withQuery(`${tenantPath(key)}/grants/${segment(grantId)}/convert`, { plan }),
  grantEnd: (key: string, grantId: string) => `${tenantPath(key)}/grants/${segment(grantId)}/end`,

  trials: (query: Query = {}) => withQuery("/trials", query),
  trialCalendar: (month?: string) => withQuery("/trials/calendar", { month }),
  trialReport: (query: Query = {}) => withQuery("/trials/report", query),
  trialPresets: () => "/trials/presets",
  /** With a choice that fills in the form. */
  trialPresetNew: (features: readonly string[] = [], days?: string) =>
    withQuery("/trials/presets/new", { features: features.join(","), days }),
  trialReportFile: (format: ListFormat, query: Query = {}) => withQuery(`/trials/report.${format}`, query),

  usage: (query: Query = {}) => withQuery("/usage", query),
  demand: (query: Query = {}) => withQuery("/usage/demand", query),
  demandFeature: (feature: string, query: Query = {}) => withQuery(`/usage/demand/${segment(feature)}`, query),
  compare: (tenants: readonly string[], query: Query = {}) => withRepeated("/usage/compare", "tenant", tenants, query),
  usageExport: (query: Query = {}) => withQuery("/usage/export", query),

  matrix: (features: readonly string[], query: Query = {}) => withRepeated("/matrix", "feature", features, query),

  plans: (query: Query = {}) => withQuery("/plans", query),
  planNew: () => "/plans/new",
  plan: (key: string, query: Query = {}) => withQuery(`/plans/${segment(key)}`, query),
  planEdit: (key: string, ask?: string) => withQuery(`/plans/${segment(key)}/edit`, { ask }),
  planCell: (plan: string, feature: string) => `/plans/${segment(plan)}/features/${segment(feature)}`,

  features: (query: Query = {}) => withQuery("/features", query),
  featureNew: () => "/features/new",
  feature: (key: string, query: Query = {}) => withQuery(`/features/${segment(key)}`, query),
  featureEdit: (key: string, ask?: string) => withQuery(`/features/${segment(key)}/edit`, { ask }),

  flags: () => "/flags",

  playground: (query: Query = {}) => withQuery("/playground", query),

  posthog: () => "/posthog",
  posthogMetadata: () => "/posthog/metadata",
  posthogDrift: () => "/posthog/drift",

  keys: () => "/keys",
  /** Not a Remix page: links load a new document. */
  apiReference: () => "/docs/api",
  keyNew: () => "/keys/new",
  keyRotate: (id: string) => `/keys/${segment(id)}/rotate`,
  keyRevoke: (id: string) => `/keys/${segment(id)}/revoke`,

  webhooks: () => "/webhooks",
  webhookNew: () => "/webhooks/new",
  webhook: (id: string, query: Query = {}) => withQuery(`/webhooks/${segment(id)}`, query),
  webhookEdit: (id: string) => `/webhooks/${segment(id)}/edit`,
  webhookRotate: (id: string) => `/webhooks/${segment(id)}/rotate`,
  webhookDelivery: (id: string, seq: number) => `/webhooks/${segment(id)}/deliveries/${seq}`,

  notices: (query: Query = {}) => withQuery("/notices", query),
  noticeRules: () => "/notices/rules",
  rails: () => "/rails",
  approvals: () => "/rails/approvals",
  requests: (query: Query = {}) => withQuery("/requests", query),
  requestKey: (id: string) => withQuery("/requests/key", { id }),

  admins: () => "/people",
  adminInvite: () => "/people/invite",
  admin: (id: string) => `/people/${segment(id)}`,

  audit: (query: Query = {}) => withQuery("/activity", query),
  auditExport: (query: Query = {}) => withQuery("/activity/export", query),
  auditEntry: (seq: number) => `/activity/${seq}`,
  /** What the undo of an entry's act would do. A form without more sent there undoes it at once, if all of it can be. */
  auditUndo: (seq: number, returnTo?: string) => withQuery(`/activity/${seq}/undo`, { returnTo }),

  /** `query`: filters of the list, with `all=1`. */
  bulk: (query: Query = {}) => withQuery("/bulk", query),
  jobs: (query: Query = {}) => withQuery("/jobs", query),
  job: (id: string, query: Query = {}) => withQuery(`/jobs/${segment(id)}`, query),
  jobFile: (id: string, format: ListFormat, query: Query = {}) => withQuery(`/jobs/${segment(id)}/items.${format}`, query),

  draft: (id: string, query: Query = {}) => withQuery(`/drafts/${segment(id)}`, query),
  /** What the draft would do to tenants, as JSON. */
  draftEffects: (id: string) => `/drafts/${segment(id)}/effects`,
  /** A form sent there begins to find what a change of the catalogue does to each tenant. */
  impacts: () => "/impact",
  impact: (id: string, query: Query = {}) => withQuery(`/impact/${segment(id)}`, query),
  impactFile: (id: string, format: ListFormat, query: Query = {}) => withQuery(`/impact/${segment(id)}/tenants.${format}`, query),

  system: () => "/system",

  importCatalogue: () => "/import",
  importTenants: () => "/import/tenants",
  importTenantsMapping: (upload: string) => `/import/tenants/${segment(upload)}`,
  importPreview: () => "/import/preview",
  /** A list as a file. `query`: the filters of the list, and the format. */
  listFile: (list: ExportableList, query: Query = {}) => withQuery(`/lists/${list}`, query),
  exportCatalogue: (format?: "yaml" | "json", tenants = false) => withQuery("/export", { format, tenants: tenants ? "yes" : null }),
};

/** A path on this origin, or `fallback`. Never trust a submitted value as a redirect target. */
export function safePath(candidate: unknown, fallback = "/"): string {
  if (typeof candidate !== "string" || !candidate.startsWith("/")) return fallback;
  try {
    const url = new URL(candidate, "http://same.invalid");
    return url.origin === "http://same.invalid" && !url.pathname.startsWith("//") ? url.pathname + url.search + url.hash : fallback;
  } catch {
    return fallback;
  }
}

/** Whether this is the address of the form for granting a trial to a tenant. */
export const isTrialForm = (pathname: string): boolean => /^\/tenants\/[^/]+\/trial$/.test(pathname);
