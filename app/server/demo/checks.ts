import type { Catalogue } from "~/core/catalogue/catalogue";
import { decide } from "~/core/decision/decide";
import type { Instant, TenantFacts } from "~/core/model";
import { day, hour, isoDay, minute, startOfDay } from "~/core/time";
import type { Chance } from "./chance";

/** A tenant's successive facts, oldest first. */
export type Timeline = { at: Instant; facts: TenantFacts }[];

const checkedDays = 30;

export type DemoCount = {
  tenant: string;
  day: string;
  feature: string;
  allowed: boolean;
  source: string;
  count: number;
  firstAt: Instant;
  lastAt: Instant;
};

/** A month of checks of one tenant, answered as of noon of each day. `all` is the name for checks of all features. */
export function checksOf(timeline: Timeline, catalogue: Catalogue, now: Instant, chance: Chance, all: string): DemoCount[] {
  const newest = timeline.at(-1)?.facts;
  if (!newest || chance.happens(0.2)) return []; // Not every customer has connected its app.
  const granted = newest.grants.map((g) => g.feature);
  const asked = [...new Set([...granted, ...chance.some([...catalogue.features.keys()], chance.between(1, 2))])];
  const asksForAll = chance.happens(0.4);
  const volume = chance.pick([3, 10, 40, 150, 900, 12_000]);
  const counts: DemoCount[] = [];
  const today = startOfDay(now);

  for (let start = today - (checkedDays - 1) * day; start <= today; start += day) {
    const isWeekend = [0, 6].includes(new Date(start).getUTCDay());
    if (chance.happens(isWeekend ? 0.6 : 0.1)) continue;
    const noon = Math.min(start + 12 * hour, now);
    const facts = timeline.findLast(({ at }) => at <= noon)?.facts;
    if (!facts) continue;
    const note = (feature: string, allowed: boolean, source: string) => {
      const count = Math.max(1, Math.round((volume * chance.between(40, 160)) / 100 / (isWeekend ? 4 : 1)));
      const firstAt = Math.min(start + chance.between(0, 11 * 60) * minute, noon);
      const lastAt = Math.min(start + chance.between(12 * 60, 23 * 60) * minute, now);
      const dayName = isoDay(start);
      counts.push({ tenant: facts.key, day: dayName, feature, allowed, source, count, firstAt, lastAt: Math.max(firstAt, lastAt) });
    };
    for (const feature of asked) {
      if (chance.happens(0.2)) continue;
      const { entitled, source } = decide({ tenant: facts, catalogue, feature, now: noon });
      note(feature, entitled, source ?? "none");
    }
    if (asksForAll) note(all, true, "none");
  }
  return counts;
}
