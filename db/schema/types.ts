export type SubjectKind = "tenant" | "catalogue";
export type AuditSubject = "tenant" | "feature" | "plan" | "catalogue" | "api_key" | "admin" | "settings";
export const apiScopes = ["check", "usage", "manage"] as const;
export const keyKinds = ["live", "pub"] as const;
export type KeyKind = (typeof keyKinds)[number];
export type ApiScope = (typeof apiScopes)[number];
export const roles = ["owner", "admin", "viewer"] as const;
export type Role = (typeof roles)[number];
