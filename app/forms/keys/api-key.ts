import { z } from "zod";
import { apiScopes } from "~/core/permissions";
import { tenantKey } from "~/forms/entity-keys";
import { refuseLookAlike } from "~/forms/look-alike";
import { note } from "~/forms/tenants/tenant";

export const keyName = z
  .string("Give the key a name.")
  .trim()
  .min(1, "Give the key a name, such as the program that will use it.")
  .max(100, "A name has up to 100 characters.")
  .regex(/^\P{Cc}*$/u, "A name has no control characters.")
  .superRefine(refuseLookAlike);

export const keyDays = z
  .int("Days are a whole number.")
  .min(1, "A key lasts at least one day.")
  .max(3_650, "A key lasts up to 3,650 days; leave the days out for one that does not expire.");

/** How long the replaced key remains valid. */
export const overlapHours = z
  .int("Hours are a whole number.")
  .min(0, "Choose 0 hours or more.")
  .max(720, "Two keys stand side by side for 720 hours (30 days) at most.");

const maxOrigins = 20;

/** An origin as browsers send it: scheme, host and port. */
export const keyOrigin = z
  .string()
  .trim()
  .refine(
    (text) => /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text,
    "An origin is a scheme and a host, such as https://app.example.com, without a path.",
  );

export const keyOrigins = z
  .array(keyOrigin)
  .max(maxOrigins, `A key is for up to ${maxOrigins} origins.`)
  .transform((list) => [...new Set(list)]);

type Rules = { kind: "live" | "pub"; scopes: readonly string[]; tenant: string | null; origins: string[] | null };

/** Validates the combination of a key's fields, or returns null. */
export function keyRuleProblem({ kind, scopes, tenant, origins }: Rules): { field: keyof Rules; message: string } | null {
  if (kind === "live" && tenant !== null && scopes.includes("manage"))
    return { field: "scopes", message: "A key that is bound to a tenant may check and report usage, and not manage." };
  if (kind === "live") return null;
  if (scopes.length !== 1 || scopes[0] !== "check")
    return { field: "scopes", message: "A key for browsers may only check: everybody can read it." };
  if (tenant === null) return { field: "tenant", message: "Name the tenant that a key for browsers may ask about." };
  if (origins === null || origins.length === 0)
    return { field: "origins", message: "Name the origins of the pages that will use it, such as https://app.example.com." };
  return null;
}

/** Days, or never. */
export const keyLives = ["30", "90", "365", "never"] as const;

const blankIsNull = (text: string | undefined) => (text === undefined || text.trim() === "" ? null : text.trim());

export const keyForm = z
  .object({
    name: keyName,
    kind: z.enum(["live", "pub"]).default("live"),
    scopes: z.array(z.enum(apiScopes)).min(1, "Choose at least one thing that the key may do."),
    tenant: z.string().optional().transform(blankIsNull).pipe(tenantKey.nullable()),
    /** Separated by whitespace. */
    origins: z
      .string()
      .optional()
      .transform((text) => blankIsNull(text)?.split(/[\s,]+/) ?? null)
      .pipe(keyOrigins.nullable()),
    expires: z.enum(keyLives, "Choose when the key ends."),
    /** For the one who approves it. */
    note: note.optional(),
  })
  .superRefine((form, context) => {
    const problem = keyRuleProblem(form);
    if (problem) context.addIssue({ code: "custom", path: [problem.field], message: problem.message });
  });

export const overlaps = ["0", "1", "24", "168"] as const;
export const rotateForm = z.object({ overlap: z.enum(overlaps, "Choose how long the old key goes on working.") });
