import { withMeterBefore } from "~/core/catalogue/period-changes";
import type { Feature, Json, Stamp } from "~/core/model";
import { sameJson } from "~/core/same-json";
import type { Problems } from "./reverted";

const words: Readonly<Record<string, string>> = {
  name: "name",
  description: "description",
  group: "group",
  askUrl: "link to ask",
  flag: "flag",
  archivedAt: "state",
  config: "settings",
  meter: "settings",
};

/** The feature with the fields that go back, or null if none does. `keptSettings`: why settings stay, by feature. */
export function revertFeature(
  now: Feature | undefined,
  was: Feature,
  became: Feature,
  { stamp, problems, keptSettings }: { stamp: Pick<Stamp, "now">; problems: Problems; keptSettings: ReadonlyMap<string, string> },
): Feature | null {
  if (!now) {
    problems.refuse(`features/${was.key}`, `There is no feature ${was.key} any more.`);
    return null;
  }
  const of = (feature: Feature, field: string) => (feature as { [field: string]: unknown })[field] as Json | undefined;
  const next: { [field: string]: unknown } = {};
  for (const [name, noun] of Object.entries(words)) {
    const field = `features/${was.key}/${name}`;
    const [old, set, is] = [of(was, name), of(became, name), of(now, name)];
    const kept = noun === "settings" ? keptSettings.get(was.key) : undefined;
    if (sameJson(old, set)) continue;
    if (sameJson(is, old)) problems.settle(field, `The ${noun} of ${now.name} is back already.`);
    else if (!sameJson(is, set)) problems.refuseChanged(field, `The ${noun} of ${now.name} was changed since`);
    else if (kept) problems.refuse(field, kept);
    else if (now.type === "metered" && was.type === "metered" && became.type === "metered" && name === "meter") {
      const metered = withMeterBefore(now, was, became, stamp.now);
      if ("ok" in metered) problems.refuse(field, metered.message);
      else Object.assign(next, { meter: metered.meter }, metered.periodChanges && { periodChanges: metered.periodChanges });
    } else next[name] = old;
  }
  return Object.keys(next).length > 0 ? ({ ...now, ...next } as Feature) : null;
}
