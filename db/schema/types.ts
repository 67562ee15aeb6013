export type SubjectKind = "tenant" | "catalogue";
export type AuditSubject = "tenant" | "feature" | "plan" | "catalogue" | "api_key" | "admin" | "settings" | "export" | "webhook" | "job";
export const keyKinds = ["live", "pub"] as const;
export type KeyKind = (typeof keyKinds)[number];

export type SignalKind = "limit" | "demand" | "converted" | "key" | "posthog" | "request";
