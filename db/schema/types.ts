export type SubjectKind = "tenant" | "catalogue";
export type AuditSubject = "tenant" | "feature" | "plan" | "catalogue" | "api_key" | "admin" | "settings";
export const keyKinds = ["live", "pub"] as const;
export type KeyKind = (typeof keyKinds)[number];
