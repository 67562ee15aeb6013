import { inexactNumber } from "./exact-json";

/** PostgreSQL stores no NUL in text, and a lone surrogate comes back as another character. */
export const unstorable = /\0|\p{Surrogate}/u;

export type Fault = { path: PropertyKey[]; message: string };

/** JavaScript's own, which copying an object may lose or take for something else. */
export const reservedName = "__proto__";
export const reservedNameRefused = `The name ${reservedName} cannot be stored. Choose another one.`;

/** Bounds recursion; metadata and values are a few levels deep. */
const deepest = 64;

/** Finds data that cannot be stored, with its path, or the start of what is nested too deeply. */
export function unfit(value: unknown): Fault | null {
  const fault = unfitWithin(value, 0);
  return fault && fault.path.length > deepest ? { ...fault, path: fault.path.slice(0, 3) } : fault;
}

/** The path is built only on the way back from a fault, because most data has none. */
function unfitWithin(value: unknown, depth: number): Fault | null {
  if (typeof value === "string")
    return unstorable.test(value) ? { path: [], message: "This holds a character that cannot be stored." } : null;
  if (typeof value === "number") return Number.isFinite(value) ? null : { path: [], message: inexactNumber };
  if (typeof value !== "object" || value === null) return null;
  if (depth > deepest) return { path: [], message: `This is nested more than ${deepest} deep.` };
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const fault = unfitWithin(value[i], depth + 1);
      if (fault) return { ...fault, path: [i, ...fault.path] };
    }
    return null;
  }
  for (const key of Object.keys(value)) {
    if (key === reservedName) return { path: [key], message: reservedNameRefused };
    if (unstorable.test(key)) return { path: [], message: "This holds a name with a character that cannot be stored." };
    const fault = unfitWithin((value as Record<string, unknown>)[key], depth + 1);
    if (fault) return { ...fault, path: [key, ...fault.path] };
  }
  return null;
}
