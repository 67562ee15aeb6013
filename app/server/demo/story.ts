import type { Catalogue } from "~/core/catalogue/catalogue";
import { putTenant, type TenantChange } from "~/core/decision/changes";
import { endGrant, extendGrant, grantTrial, setOverride } from "~/core/grants/grant-changes";
import type { Actor, Instant, Json, Stamp, TenantFacts, TenantStatus } from "~/core/model";
import type { Outcome } from "~/core/outcome";
import { day, hour, minute, startOfDay } from "~/core/time";
import type { Chance } from "./chance";
import type { Company } from "./names";

/** One act on one tenant. A refusal means that it is skipped. */
export type Happening = {
  at: Instant;
  key: string;
  actor: Actor;
  make: (facts: TenantFacts | null, catalogue: Catalogue, stamp: Stamp) => Outcome<TenantChange>;
};

/** Days of history in the demo. */
export const historyDays = 240;

const billing: Actor = { kind: "api_key", id: "key_demo", name: "Billing (demo)" };
const people: Actor[] = ["Amara Nwosu", "Joonas Räikkä", "Leïla Haddad", "Wei-Ling Tsai"].map((name, i) => ({
  kind: "admin",
  id: `adm_demo_${i + 1}`,
  name: `${name} (demo)`,
}));
const trialNotes = [
  "Asked for on the renewal call",
  "Security review before they move up",
  "Pilot with one team",
  "Promised at the fair",
  null,
  null,
];
const overrideNotes = [
  "Part of their old contract, kept until renewal",
  "Agreed with sales",
  "Abused it; off until they answer",
  "Beta partner",
];
const regions = ["eu-central", "eu-west", "us-east", "us-west", "ap-south", "ap-northeast", "sa-east", "af-south"];

/** One tenant's history until now. `isFirst` marks tenants of the first import. */
export function storyOf({ key, name }: Company, isFirst: boolean, catalogue: Catalogue, now: Instant, chance: Chance): Happening[] {
  const story: Happening[] = [];
  const start = now - historyDays * day;
  const createdAt = isFirst ? start : night(now, chance.between(1, historyDays - 1));
  const age = Math.floor((now - createdAt) / day);
  let last = createdAt;

  const add = (at: Instant, actor: Actor, make: Happening["make"]) => {
    if (at < createdAt || at > now) return;
    story.push({ at, key, actor, make });
    last = Math.max(last, at);
  };
  /** About this many days ago, in working hours. */
  const ago = (days: number) => now - days * day - chance.between(0, 600) * minute;
  const put = (at: Instant, form: Parameters<typeof putTenant>[2], actor = billing) =>
    add(at, actor, (facts, cat, stamp) => putTenant(facts, key, form, cat, stamp));

  const plan = chance.weighted({ free: 34, starter: 26, premium: 24, ultimate: 10, none: 6 });
  const metadata: { [key: string]: Json } = { region: chance.pick(regions), seats: chance.pick([1, 3, 5, 12, 25, 60, 140, 400, 2_300]) };
  if (chance.happens(0.3)) metadata.csm = chance.pick(people).name;
  const addOns = chance.happens(0.08) ? [chance.pick(addOnKeys(catalogue))] : [];
  put(createdAt, { name, plan: plan === "none" ? null : plan, addOns, metadata });
  if (age < 2) return story;

  if (chance.happens(0.22))
    put(night(now, chance.between(1, age - 1)), { plan: chance.weighted({ starter: 4, premium: 5, ultimate: 2, free: 1 }) });
  if (chance.happens(0.1)) put(night(now, chance.between(1, age - 1)), { addOns: chance.some(addOnKeys(catalogue), chance.between(1, 2)) });
  if (chance.happens(0.04)) put(ago(chance.between(1, age - 1)), { name: `${name} Group` }, chance.pick(people));

  const upsell = featuresAbove(catalogue, plan === "none" ? null : plan);
  if (upsell.length > 0) tellTrial(chance, age, now, add, ago, upsell);
  tellOverride(chance, age, now, add, ago, [...catalogue.features.keys()]);

  const fate = chance.weighted<TenantStatus | "reinstated">({ active: 92, suspended: 4, reinstated: 1.5, archived: 2.5 });
  if (fate !== "active" && age > 12) {
    const at = Math.max(ago(chance.between(1, 10)), last + hour);
    const actor = chance.pick(people);
    const why = fate === "archived" ? "Closed their account" : "Invoice unpaid for 60 days";
    put(at, { status: fate === "reinstated" ? "suspended" : fate, why }, actor);
    if (fate === "reinstated") put(at + chance.between(1, 5) * hour, { status: "active", why: "Paid" }, actor);
  }
  return story;
}

type Add = (at: Instant, actor: Actor, make: Happening["make"]) => void;
type Ago = (days: number) => Instant;

/** Billing runs at 02:15, this many days ago. */
const night = (now: Instant, days: number) => startOfDay(now) - days * day + 2.25 * hour;

/** At most one trial per tenant: live, ending soon, expired, ended early, extended, or upcoming. */
function tellTrial(chance: Chance, age: number, now: Instant, add: Add, ago: Ago, upsell: string[]): void {
  const actor = chance.pick(people);
  const note = chance.pick(trialNotes);
  const features = chance.some(upsell, chance.weighted({ "1": 7, "2": 2, "4": 1 }) === "1" ? 1 : chance.between(2, 4));
  const length = chance.pick([7, 14, 14, 30]) * day;
  const grant = (at: Instant, endsAt: Instant, startsAt?: Instant) =>
    add(at, actor, (facts, cat, stamp) =>
      grantTrial(facts as TenantFacts, { features: features.map((feature) => ({ feature })), startsAt, endsAt, note }, cat, stamp),
    );

  switch (chance.weighted({ none: 40, live: 20, soon: 8, over: 16, short: 5, longer: 6, upcoming: 5 })) {
    case "live":
      grant(ago(Math.min(1, age - 1)), now + chance.between(4, 25) * day + chance.between(0, 23) * hour);
      break;
    case "soon":
      grant(ago(Math.min(12, age - 1)), now + chance.between(1, 70) * hour);
      break;
    case "over": {
      const at = ago(chance.between(Math.min(35, age - 1), age - 1));
      grant(at, Math.min(at + length, now - hour));
      break;
    }
    case "short": {
      const at = ago(Math.min(20, age - 1));
      grant(at, at + 30 * day);
      add(at + chance.between(2, 60) * hour, chance.pick(people), endFirst("trial", "They bought the plan instead"));
      break;
    }
    case "longer": {
      const at = ago(Math.min(13, age - 1));
      grant(at, at + 15 * day);
      add(now - chance.between(2, 20) * hour, actor, extendFirst(now + chance.between(8, 20) * day));
      break;
    }
    case "upcoming": {
      const startsAt = now + chance.between(1, 9) * day;
      grant(ago(Math.min(1, age - 1)), startsAt + length, startsAt);
      break;
    }
  }
}

function tellOverride(chance: Chance, age: number, now: Instant, add: Add, ago: Ago, features: string[]): void {
  if (!chance.happens(0.12)) return;
  const feature = chance.pick(features);
  const effect = chance.weighted({ allow: 7, deny: 3 });
  const note = effect === "deny" ? overrideNotes[2] : chance.pick(overrideNotes.filter((_, i) => i !== 2));
  const endsAt = chance.happens(0.4) ? now + chance.between(2, 200) * day : null;
  const at = ago(chance.between(Math.min(3, age - 1), Math.min(90, age - 1)));
  add(at, chance.pick(people), (facts, cat, stamp) => setOverride(facts as TenantFacts, { feature, effect, endsAt, note }, cat, stamp));
  if (chance.happens(0.25)) add(at + chance.between(3, 40) * hour, chance.pick(people), endFirst("override", "No longer needed"));
}

const nothing = { ok: true, change: null } as const;

const endFirst =
  (kind: "trial" | "override", note: string): Happening["make"] =>
  (facts, _, stamp) => {
    const grant = facts?.grants.find((g) => g.kind === kind);
    return facts && grant ? endGrant(facts, { grant: grant.id, note }, stamp) : nothing;
  };

const extendFirst =
  (endsAt: Instant): Happening["make"] =>
  (facts, _, stamp) => {
    const grant = facts?.grants.find((g) => g.kind === "trial");
    return facts && grant ? extendGrant(facts, { grant: grant.id, endsAt, note: "Two more weeks to decide" }, stamp) : nothing;
  };

const addOnKeys = ({ plans }: Catalogue) => [...plans.values()].filter((p) => p.kind === "add_on").map((p) => p.key);

/** Features that a higher plan has and this one lacks. */
function featuresAbove({ plans, gives }: Catalogue, plan: string | null): string[] {
  const has = plan === null ? undefined : gives.get(plan);
  const rank = (plan === null ? undefined : plans.get(plan)?.rank) ?? 0;
  const above = [...plans.values()].find((p) => p.kind === "base" && p.rank > rank && (gives.get(p.key)?.size ?? 0) > (has?.size ?? 0));
  return above ? [...(gives.get(above.key) ?? new Map()).keys()].filter((feature) => !has?.has(feature)) : [];
}
