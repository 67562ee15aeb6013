import fc from "fast-check";
import type { CatalogueFacts, Feature, FlagReading, Grant, Instant, Json, Plan, ScheduledChange, TenantFacts, Value } from "~/core/model";
import { flagRules, resetPeriods, whenUnknownChoices } from "~/core/model";
import { day, hour } from "~/core/time";
import { catalogueFacts, configFeature, feature, flagTie, meteredFeature, plan, tenant } from "./facts";

/** One tenant, one catalogue and one instant, small enough that everything interacts. */
export type World = {
  facts: CatalogueFacts;
  tenant: TenantFacts | null;
  asked: string;
  now: Instant;
  usage: { used: number };
  requested: number | undefined;
  flag: FlagReading | undefined;
};

/** Possible values per type; many are equal, so that ties occur. */
const kinds: { make: (more: Partial<Feature>, pick: number) => Feature; values: Value[] }[] = [
  { make: (more) => feature("f", more as object), values: [true] },
  {
    make: (more, pick) =>
      meteredFeature("f", { resetPeriod: resetPeriods[pick % resetPeriods.length], soft: pick % 5 === 0 }, more as object),
    values: [0, 1, 5, 10, 15, "unlimited"],
  },
  { make: (more) => configFeature("f", { kind: "number", better: "higher" }, more as object), values: [-1, 0, 1, 2.5] },
  { make: (more) => configFeature("f", { kind: "number", better: "lower" }, more as object), values: [-1, 0, 1, 2.5] },
  { make: (more) => configFeature("f", { kind: "text", options: ["low", "mid", "top"] }, more as object), values: ["low", "mid", "top"] },
  { make: (more) => configFeature("f", { kind: "text", options: [] }, more as object), values: ["one", "two", ""] },
  { make: (more) => configFeature("f", { kind: "json" }, more as object), values: [{ a: 1 }, [2], "s", false, 0] },
];
const oddPayloads: Json[] = [null, -1, 1.5, "nonsense", {}];

/** A month's first, New Year, a leap day and a Monday: instants at which periods change. */
const centres = [Date.UTC(2026, 11, 1), Date.UTC(2027, 0, 1), Date.UTC(2028, 1, 29), Date.UTC(2026, 10, 30)];
const steps = [-30 * day, -2 * day, -day, -hour, 0, hour, day, 2 * day, 30 * day];
const step = fc.constantFrom(...steps);
const near = fc.constantFrom(-1, 0, 0, 1);
const rare = { arbitrary: fc.constant(true), weight: 1 };
const seldom = fc.oneof(rare, { arbitrary: fc.constant(false), weight: 9 });
const planKeys = ["p0", "p1", "p2", "p3", "p4"];

const planShape = fc.record({
  kind: fc.constantFrom("base" as const, "add_on" as const),
  rank: fc.integer({ min: 0, max: 2 }),
  includes: fc.constantFrom(null, null, ...planKeys, "gone"),
  gives: fc.option(fc.nat(), { freq: 2 }),
  archived: seldom,
});

const grantShape = fc.record({
  kind: fc.constantFrom("trial", "trial", "allow", "deny"),
  feature: fc.constantFrom("f", "f", "f", "g"),
  start: step,
  end: step,
  open: fc.boolean(),
  ended: fc.option(step, { freq: 4 }),
  value: fc.nat(),
});

const readingShape = fc.record({
  state: fc.constantFrom("on", "off", "unknown", "unknown", null),
  last: fc.option(fc.constantFrom("on" as const, "off" as const), { freq: 4 }),
  seen: step,
  payload: fc.option(fc.nat(), { freq: 3 }),
  variant: fc.option(fc.constantFrom("low", "top", "one", "nonsense"), { freq: 2 }),
});

/** Mostly none, so that what grants and flags do is met without them too. */
const scheduleShape = fc.record({
  at: step,
  ms: near,
  plan: fc.option(fc.constantFrom(null, ...planKeys, "gone"), { freq: 2, nil: undefined }),
  add: fc.subarray(planKeys, { maxLength: 2 }),
  remove: fc.subarray(planKeys, { maxLength: 2 }),
  status: fc.option(fc.constantFrom("active" as const, "active" as const, "suspended" as const), { freq: 1, nil: undefined }),
  problem: seldom,
});

const shape = fc.record({
  kind: fc.nat({ max: kinds.length - 1 }),
  pick: fc.nat({ max: 59 }),
  centre: fc.constantFrom(...centres),
  offset: step,
  ms: near,
  noTenant: seldom,
  asked: fc.constantFrom("f", "f", "f", "f", "f", "f", "f", "g", "gone", "constructor"),
  archived: seldom,
  status: fc.constantFrom("active", "active", "active", "active", "active", "active", "suspended", "archived"),
  tie: fc.option(fc.record({ rule: fc.constantFrom(...flagRules), whenUnknown: fc.constantFrom("last", ...whenUnknownChoices) })),
  reading: readingShape,
  plans: fc.tuple(planShape, planShape, planShape, planShape, planShape),
  held: fc.constantFrom(null, ...planKeys, "gone"),
  addOns: fc.subarray(planKeys, { maxLength: 3 }),
  grants: fc.array(grantShape, { maxLength: 4 }),
  scheduled: fc.oneof(
    { arbitrary: fc.array(scheduleShape, { maxLength: 0 }), weight: 2 },
    { arbitrary: fc.array(scheduleShape, { maxLength: 4 }), weight: 1 },
  ),
  used: fc.constantFrom(0, 0, 0, 1, 4, 5, 9, 10, 14, 15, 1000),
  requested: fc.constantFrom(undefined, 0, 1, 5),
});

export const world: fc.Arbitrary<World> = shape.map((s) => {
  const kind = kinds[s.kind] as (typeof kinds)[number];
  const give = (pick: number) => kind.values[pick % kind.values.length] as Value;
  const f = kind.make({ flag: s.tie ? flagTie(s.tie.rule, s.tie) : null, archivedAt: s.archived ? s.centre : null }, s.pick);
  const plans = s.plans.map((p, i): Plan => {
    const gives: Record<string, Value> = i % 2 === 0 ? { g: true } : {};
    if (p.gives !== null) gives.f = give(p.gives);
    return plan(`p${i}`, gives, { kind: p.kind, rank: p.rank, includes: p.includes, archivedAt: p.archived ? s.centre : null });
  });
  const grants = s.grants.map((g, i): Grant => {
    const common = { id: `gr_${i}`, feature: g.feature, extends: null, note: null, createdAt: 0, createdBy: "Ada" };
    const [startsAt, endsAt] = [s.centre + g.start, s.centre + g.end];
    const times = { startsAt, endsAt, endedAt: g.ended === null ? null : s.centre + g.ended };
    const value = g.feature === "g" ? true : give(g.value);
    if (g.kind === "trial") return { ...common, ...times, kind: "trial", value };
    const override = { ...common, ...times, endsAt: g.open ? null : endsAt, kind: "override" as const };
    return g.kind === "deny" ? { ...override, effect: "deny" } : { ...override, effect: "allow", value };
  });
  const facts = catalogueFacts([f, feature("g")], plans);
  const scheduled = s.scheduled.map(({ at, ms, plan, add, remove, status, problem }, i): ScheduledChange => {
    const addOns = add.length + remove.length > 0 ? { addOns: { add, remove } } : {};
    const fields = { ...(plan === undefined ? {} : { plan }), ...addOns, ...(status ? { status } : {}) };
    const by = { kind: "admin" as const, id: "ad_1", name: "Ada" };
    const refused = problem ? { problem: "plan_archived" as const } : {};
    return { id: `sc_${i}`, at: s.centre + at + ms, by, createdAt: 0, note: null, ...fields, ...refused };
  });
  const has = {
    status: s.status as TenantFacts["status"],
    plan: s.held,
    addOns: s.addOns,
    grants,
    ...(scheduled.length > 0 ? { scheduled } : {}),
  };
  return {
    facts,
    tenant: s.noTenant ? null : tenant(has),
    asked: s.asked,
    now: s.centre + s.offset + s.ms,
    usage: { used: s.used },
    requested: s.requested,
    flag: reading(s.reading, s.centre, [...kind.values, ...kind.values, ...oddPayloads]),
  };
});

type ReadingShape = typeof readingShape extends fc.Arbitrary<infer T> ? T : never;

function reading(r: ReadingShape, centre: Instant, payloads: Json[]): FlagReading | undefined {
  if (r.state === null) return undefined;
  const more: { payload?: Json; variant?: string } = {};
  if (r.payload !== null) more.payload = payloads[r.payload % payloads.length];
  if (r.variant !== null) more.variant = r.variant;
  // Chosen so that "24 hours later" falls on the same steps.
  const last = r.last === null ? {} : { last: { state: r.last, seenAt: centre + r.seen - 24 * hour, ...more } };
  return { state: r.state as FlagReading["state"], ...(r.state === "unknown" ? {} : more), ...last };
}
