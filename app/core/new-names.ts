import { type Refusal, refuse } from "./outcome";
import { lookAlikeProblem } from "./plain-text";

type Named = "name" | "group";

/** Refuses a name that is new and could be taken for another. One that something has already, `before`, goes on working. */
export function nameProblem(field: Named, name: string | null | undefined, before: string | null | undefined): Refusal | null {
  if (!name || name === before) return null;
  const bad = lookAlikeProblem(name, "name");
  return bad ? refuse("value_invalid", `The ${field} ${bad}.`, field) : null;
}

/** The same for the key of a tenant that does not exist yet. Keys of plans and features hold nothing but letters and digits of ASCII. */
export function newTenantKeyProblem(key: string): Refusal | null {
  const bad = lookAlikeProblem(key, "key");
  return bad ? refuse("value_invalid", `The key ${bad}.`, "key") : null;
}
