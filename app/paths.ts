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

const tenantPath = (key: string) => `/tenants/${segment(key)}`;

export const paths = {
  home: () => "/",
  search: (q?: string) => withQuery("/search", { q }),
  theme: () => "/theme",
  /** posthog-js reaches PostHog through this path. */
  relay: () => "/relay",

  signIn: (returnTo?: string) => withQuery("/sign-in", { returnTo }),
  signOut: () => "/sign-out",
  setup: (token: string) => `/setup/${segment(token)}`,
  welcome: () => "/welcome",
  invite: (token: string) => `/invite/${segment(token)}`,
  account: () => "/account",

  tenants: (query: Query = {}) => withQuery("/tenants", query),
  tenantNew: () => "/tenants/new",
  tenant: (key: string) => tenantPath(key),
  tenantFeatures: (key: string, query: Query = {}) => withQuery(`${tenantPath(key)}/features`, query),
  tenantGrants: (key: string, query: Query = {}) => withQuery(`${tenantPath(key)}/grants`, query),
  tenantUsage: (key: string, query: Query = {}) => withQuery(`${tenantPath(key)}/usage`, query),
  tenantUsageExport: (key: string, query: Query = {}) => withQuery(`${tenantPath(key)}/usage/export`, query),
  tenantAudit: (key: string, query: Query = {}) => withQuery(`${tenantPath(key)}/audit`, query),
  tenantPosthog: (key: string) => `${tenantPath(key)}/posthog`,
  tenantEdit: (key: string) => `${tenantPath(key)}/edit`,
  tenantStatus: (key: string, to?: string) => withQuery(`${tenantPath(key)}/status`, { to }),
  tenantPlan: (key: string, query: Query = {}) => withQuery(`${tenantPath(key)}/plan`, query),
  trialNew: (key: string, feature?: string) => withQuery(`${tenantPath(key)}/trial`, { feature }),
  /** Ends trials that were just granted. Only for forms. */
  trialUndo: (key: string) => `${tenantPath(key)}/trial/undo`,
  overrideNew: (key: string, feature?: string, effect?: "allow" | "deny") => withQuery(`${tenantPath(key)}/override`, { feature, effect }),
  grantExtend: (key: string, grantId: string) => `${tenantPath(key)}/grants/${segment(grantId)}/extend`,
  grantEnd: (key: string, grantId: string) => `${tenantPath(key)}/grants/${segment(grantId)}/end`,

  trials: (query: Query = {}) => withQuery("/trials", query),
  trialCalendar: (month?: string) => withQuery("/trials/calendar", { month }),
  trialReport: (query: Query = {}) => withQuery("/trials/report", query),
  trialReportCsv: (query: Query = {}) => withQuery("/trials/report.csv", query),

  usage: (query: Query = {}) => withQuery("/usage", query),
  demand: (query: Query = {}) => withQuery("/usage/demand", query),
  demandFeature: (feature: string, query: Query = {}) => withQuery(`/usage/demand/${segment(feature)}`, query),
  usageExport: (query: Query = {}) => withQuery("/usage/export", query),

  plans: (query: Query = {}) => withQuery("/plans", query),
  planNew: () => "/plans/new",
  plan: (key: string) => `/plans/${segment(key)}`,
  planCell: (plan: string, feature: string) => `/plans/${segment(plan)}/features/${segment(feature)}`,

  features: (query: Query = {}) => withQuery("/features", query),
  featureNew: () => "/features/new",
  feature: (key: string) => `/features/${segment(key)}`,

  flags: () => "/flags",

  posthog: () => "/posthog",
  posthogMetadata: () => "/posthog/metadata",
  posthogDrift: () => "/posthog/drift",

  keys: () => "/keys",
  /** Not a Remix page: links load a new document. */
  apiReference: () => "/docs/api",
  keyNew: () => "/keys/new",
  keyRotate: (id: string) => `/keys/${segment(id)}/rotate`,
  keyRevoke: (id: string) => `/keys/${segment(id)}/revoke`,

  admins: () => "/people",
  adminInvite: () => "/people/invite",
  admin: (id: string) => `/people/${segment(id)}`,

  audit: (query: Query = {}) => withQuery("/activity", query),
  auditEntry: (seq: number) => `/activity/${seq}`,

  importCatalogue: () => "/import",
  importPreview: () => "/import/preview",
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
