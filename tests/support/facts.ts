import { type Catalogue, compileCatalogue } from "~/core/catalogue/catalogue";
import type {
  Actor,
  CatalogueFacts,
  ConfigSettings,
  Feature,
  FlagLink,
  FlagReading,
  Grant,
  Instant,
  MeterSettings,
  Override,
  Plan,
  Stamp,
  TenantFacts,
  Trial,
  Value,
} from "~/core/model";
import type { Outcome } from "~/core/outcome";
import { day } from "~/core/time";

/** The default instant of tests. */
export const now: Instant = Date.UTC(2026, 10, 20, 10);

type Common = Partial<Omit<Feature, "key" | "type" | "config" | "meter">>;

const commonOf = (key: string, more: Common) => ({
  key,
  name: key,
  description: null,
  group: null,
  flag: null,
  archivedAt: null,
  revision: 1,
  ...more,
});

export function feature(key: string, more: Common = {}): Feature & { type: "boolean" } {
  return { ...commonOf(key, more), type: "boolean" };
}

export function configFeature(key: string, config: ConfigSettings, more: Common = {}): Feature & { type: "config" } {
  return { ...commonOf(key, more), type: "config", config };
}

export function meteredFeature(key: string, meter: Partial<MeterSettings> = {}, more: Common = {}): Feature & { type: "metered" } {
  return { ...commonOf(key, more), type: "metered", meter: { resetPeriod: "month", soft: false, unit: null, ...meter } };
}

/** Values are written as `{ sso: true, api_calls: 1000 }`. */
export function plan(key: string, gives: Record<string, Value> = {}, more: Partial<Omit<Plan, "key" | "entries">> = {}): Plan {
  const entries = Object.entries(gives).map(([feature, value]) => ({ feature, value }));
  entries.sort((a, b) => (a.feature < b.feature ? -1 : 1));
  return { key, name: key, description: null, kind: "base", rank: 10, includes: null, entries, archivedAt: null, revision: 1, ...more };
}

export function addOn(key: string, gives: Record<string, Value> = {}, more: Partial<Omit<Plan, "key" | "entries">> = {}): Plan {
  return plan(key, gives, { kind: "add_on", rank: 50, ...more });
}

/** Sorted as in the store: features by key, plans by rank and then key. */
export function catalogueFacts(features: Feature[], plans: Plan[] = [], revision = 1): CatalogueFacts {
  return {
    revision,
    features: [...features].sort((a, b) => (a.key < b.key ? -1 : 1)),
    plans: [...plans].sort((a, b) => a.rank - b.rank || (a.key < b.key ? -1 : 1)),
  };
}

export function catalogue(features: Feature[], plans: Plan[] = [], revision = 1): Catalogue {
  return compileCatalogue(catalogueFacts(features, plans, revision));
}

/** `addOns` are keys, oldest first. */
export function tenant(more: Partial<Omit<TenantFacts, "addOns">> & { addOns?: string[] } = {}): TenantFacts {
  const { addOns = [], ...rest } = more;
  return {
    revision: 1,
    key: "acme",
    name: "Acme",
    status: "active",
    plan: null,
    metadata: {},
    createdAt: now - 100 * day,
    grants: [],
    ...rest,
    addOns: addOns.map((plan, i) => ({ plan, addedAt: now - 50 * day + i })),
  };
}

type GrantMore = Partial<Omit<Grant, "kind" | "feature" | "value" | "effect" | "endsAt">>;

const grantOf = (id: string, feature: string, more: GrantMore) => ({
  id,
  feature,
  startsAt: now - day,
  endedAt: null,
  extends: null,
  note: null,
  createdAt: now - day,
  createdBy: "Ada",
  ...more,
});

/** Live from a day ago until in 14 days by default. */
export function trial(feature: string, more: GrantMore & { value?: Value; endsAt?: Instant } = {}): Trial {
  const { value = true, endsAt = now + 14 * day, ...rest } = more;
  return { ...grantOf("gr_trial", feature, rest), kind: "trial", value, endsAt };
}

/** Allows from a day ago without an end by default. */
export function override(feature: string, more: GrantMore & { value?: Value; endsAt?: Instant | null } = {}): Override {
  const { value = true, endsAt = null, ...rest } = more;
  return { ...grantOf("gr_override", feature, rest), kind: "override", effect: "allow", value, endsAt };
}

export function denial(feature: string, more: GrantMore & { endsAt?: Instant | null } = {}): Override {
  const { endsAt = null, ...rest } = more;
  return { ...grantOf("gr_denial", feature, rest), kind: "override", effect: "deny", endsAt };
}

export function flagTie(rule: FlagLink["rule"], more: Partial<FlagLink> = {}): FlagLink {
  return { key: "the-flag", rule, whenUnknown: "last", ...more };
}

/** PostHog does not answer; this is its last value. */
export function lastSeen(state: "on" | "off", seenAt: Instant, more: { payload?: Value; variant?: string } = {}): FlagReading {
  return { state: "unknown", last: { state, seenAt, ...more } };
}

export const ada: Actor = { kind: "admin", id: "ad_1", name: "Ada" };

/** Ids count up from gr_1 within one stamp. */
export function stamp(at: Instant = now, actor: Actor = ada): Stamp {
  let made = 0;
  return { now: at, actor, newId: (prefix) => `${prefix}_${++made}` };
}

/** The change of an outcome that must have one. */
export function made<Change>(outcome: Outcome<Change>): Change {
  if (!outcome.ok || outcome.change === null) throw new Error(`Expected a change, got ${JSON.stringify(outcome)}`);
  return outcome.change;
}

/** Throws on any attempt to change the value. */
export function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) frozen(inner);
  }
  return value;
}
