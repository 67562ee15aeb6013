import { type Refusal, refuse } from "~/core/outcome";
import { lookAlikeProblem } from "~/core/plain-text";

type Named = "name" | "group";

/** Refuses a new name that looks like another one. An existing name (`before`) stays valid. */
export function nameProblem(field: Named, name: string | null | undefined, before: string | null | undefined): Refusal | null {
  if (!name || name === before) return null;
  const bad = lookAlikeProblem(name, "name");
  return bad ? refuse("value_invalid", `The ${field} ${bad}.`, field) : null;
}

/** Variant for keys of new tenants. Keys of plans and features are limited to ASCII letters and digits. */
export function newTenantKeyProblem(key: string): Refusal | null {
  const bad = lookAlikeProblem(key, "key");
  return bad ? refuse("value_invalid", `The key ${bad}.`, "key") : null;
}
