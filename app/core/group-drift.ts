import type { GroupProperties } from "./group-properties";
import type { Json } from "./model";
import { sameJson } from "./same-json";

export type GroupDrift = { ours: GroupProperties; theirs: GroupProperties };

/** The properties of which PostHog says something else than we do; null: none. What others added to the group is theirs. */
export function groupDrift(ours: GroupProperties, theirs: GroupProperties): GroupDrift | null {
  const drift: GroupDrift = { ours: {}, theirs: {} };
  for (const [name, value] of Object.entries(ours)) {
    // PostHog may leave out what is null.
    const there: Json = Object.hasOwn(theirs, name) ? (theirs[name] as Json) : null;
    if (sameJson(value, there)) continue;
    drift.ours[name] = value;
    drift.theirs[name] = there;
  }
  return Object.keys(drift.ours).length > 0 ? drift : null;
}
