import type { GroupProperties } from "./group-properties";
import type { Json } from "./model";
import { sameJson } from "./same-json";

export type GroupDrift = { ours: GroupProperties; theirs: GroupProperties };

/**
 * The properties of which PostHog says something else than we do; null: none. What others added to the group is theirs.
 * `ours`: null for what the tenant lacks. PostHog may hold an empty text for it, but not null, which its flags compare as a text. The
 * result names what PostHog should hold.
 */
export function groupDrift(ours: GroupProperties, theirs: GroupProperties): GroupDrift | null {
  const drift: GroupDrift = { ours: {}, theirs: {} };
  for (const [name, value] of Object.entries(ours)) {
    const there = Object.hasOwn(theirs, name) ? (theirs[name] as Json) : undefined;
    const isSame = value === null ? there === undefined || there === "" : there !== undefined && sameJson(value, there);
    if (isSame) continue;
    drift.ours[name] = value ?? "";
    drift.theirs[name] = there ?? null;
  }
  return Object.keys(drift.ours).length > 0 ? drift : null;
}
