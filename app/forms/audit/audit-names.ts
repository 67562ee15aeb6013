import type { Actor } from "~/core/model";

// Separate from the query, because the browser loads these.

export const auditSubjects = [
  "tenant",
  "feature",
  "plan",
  "catalogue",
  "api_key",
  "admin",
  "settings",
  "export",
  "webhook",
  "job",
] as const;

/** An actor as a query parameter: kind:id. */
export const actorValue = ({ kind, id }: Pick<Actor, "kind" | "id">) => `${kind}:${id}`;

/** Query parameters of the filters of the audit log. */
export const auditFilters = ["q", "actor", "action", "kind", "tenant", "feature", "from", "to", "signins"] as const;
