import { z } from "zod";
import type { Actor } from "~/core/model";

export const auditSubjects = ["tenant", "feature", "plan", "catalogue", "api_key", "admin", "settings"] as const;

const query = z.object({
  /** kind:id */
  actor: z
    .string()
    .max(300)
    .regex(/^(admin|api_key|cli|system):./)
    .transform((text): Pick<Actor, "kind" | "id"> => {
      const at = text.indexOf(":");
      return { kind: text.slice(0, at) as Actor["kind"], id: text.slice(at + 1) };
    })
    .optional()
    .catch(undefined),
  action: z.string().min(1).max(100).optional().catch(undefined),
  kind: z.enum(auditSubjects).optional().catch(undefined),
  subject: z.string().min(1).max(200).optional().catch(undefined),
  /** `seq` of the last entry of the previous page. */
  before: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional().catch(undefined),
});
export type AuditQuery = z.infer<typeof query>;

/** Reads the filter from a URL; invalid values are ignored. */
export const readAuditQuery = (params: URLSearchParams): AuditQuery => query.parse(Object.fromEntries(params));

export const actorValue = ({ kind, id }: Pick<Actor, "kind" | "id">) => `${kind}:${id}`;
