import { planChain } from "~/core/catalogue/catalogue";
import { valueProblem } from "~/core/decision/values";
import type { Feature, Instant, Json, Plan, Value } from "~/core/model";
import { sameJson } from "~/core/same-json";
import { isArchivedSince, type Problems } from "./reverted";

type Context = {
  at: Instant;
  now: Instant;
  /** As they will be; plans that were not reverted yet as they are. */
  features: ReadonlyMap<string, Feature>;
  plans: ReadonlyMap<string, Plan>;
  problems: Problems;
};

const words: Readonly<Record<string, string>> = {
  name: "name",
  description: "description",
  rank: "rank",
  includes: "included plan",
  archivedAt: "state",
};

/** The plan with the fields and entries that go back, or null if none does. `became` is null if the change deleted it. */
export function revertPlan(now: Plan | undefined, was: Plan, became: Plan | null, context: Context): Plan | null {
  const { problems } = context;
  const field = `plans/${was.key}`;
  if (became === null) return now ? settleOrRefuse(now, was, problems) : recreate(was, context);
  if (!now) {
    problems.refuseChanged(field, `${was.name} was deleted since`);
    return null;
  }
  const of = (plan: Plan, name: string) => (plan as { [field: string]: unknown })[name] as Json;
  const next: { [field: string]: unknown } = {};
  for (const [name, noun] of Object.entries(words)) {
    const [old, set, is] = [of(was, name), of(became, name), of(now, name)];
    if (sameJson(old, set)) continue;
    if (sameJson(is, old)) problems.settle(`${field}/${name}`, `The ${noun} of ${now.name} is back already.`);
    else if (!sameJson(is, set)) problems.refuseChanged(`${field}/${name}`, `The ${noun} of ${now.name} was changed since`);
    else if (name === "includes") {
      const bad = includeProblem(now, was.includes, context);
      if (bad) problems.refuse(`${field}/includes`, bad);
      else next.includes = old;
    } else next[name] = old;
  }
  const entries = revertEntries(now, was, became, context);
  if (entries) next.entries = entries;
  return Object.keys(next).length > 0 ? ({ ...now, ...next } as Plan) : null;
}

function settleOrRefuse(now: Plan, was: Plan, problems: Problems): null {
  const isSame = sameJson({ ...now, revision: 0 } as unknown as Json, { ...was, revision: 0 } as unknown as Json);
  if (isSame) problems.settle(`plans/${was.key}`, `${was.name} is back already.`);
  else problems.refuseChanged(`plans/${was.key}`, `A plan ${was.key} was created since`);
  return null;
}

/** A deleted plan comes back with all of its entries, or not at all. */
function recreate(was: Plan, context: Context): Plan | null {
  const bad = was.entries.map((e) => entryProblem(was, e.feature, e.value, context)).find((problem) => problem !== null);
  const problem = bad ?? includeProblem(was, was.includes, context);
  if (problem) context.problems.refuse(`plans/${was.key}`, problem);
  return problem ? null : was;
}

function includeProblem(plan: Plan, includes: string | null, { plans, at }: Context): string | null {
  if (includes === null) return null;
  const included = plans.get(includes);
  if (!included || included.kind !== plan.kind)
    return `${plan.name} cannot include ${includes} again, because it was deleted since. Undo that first.`;
  if (isArchivedSince(included, at)) return `${plan.name} cannot include ${included.name} while it is archived. Restore it first.`;
  const all = new Map([...plans, [plan.key, { ...plan, includes }]]);
  const chain = planChain(all, plan.key);
  return chain.at(-1)?.includes === plan.key ? `${plan.name} and ${included.name} would include each other.` : null;
}

function entryProblem(plan: Plan, key: string, value: Value, { features, at }: Context): string | null {
  const feature = features.get(key);
  if (!feature) return `${plan.name} cannot have ${key} again, because the feature is gone.`;
  if (isArchivedSince(feature, at)) return `${plan.name} cannot have ${feature.name} while it is archived. Restore the feature first.`;
  const bad = valueProblem(feature, value);
  return bad ? `${feature.name} in ${plan.name} cannot go back: it ${bad}.` : null;
}

/** The own entries after the revert, sorted, or null if none changes. */
function revertEntries(now: Plan, was: Plan, became: Plan, context: Context): Plan["entries"] | null {
  const of = ({ entries }: Plan) => new Map(entries.map((e) => [e.feature, e.value]));
  const [had, got, has] = [of(was), of(became), of(now)];
  const next = new Map(has);
  let isChanged = false;
  for (const key of new Set([...had.keys(), ...got.keys()])) {
    const [old, set, is] = [had.get(key), got.get(key), has.get(key)];
    if (sameJson(old, set)) continue;
    const field = `plans/${now.key}/entries/${key}`;
    const name = `${context.features.get(key)?.name ?? key} in ${now.name}`;
    const bad = old === undefined ? null : entryProblem(now, key, old, context);
    if (sameJson(is, old)) context.problems.settle(field, `${name} is as it was already.`);
    else if (!sameJson(is, set)) context.problems.refuseChanged(field, `${name} was changed since`);
    else if (bad) context.problems.refuse(field, bad);
    else {
      isChanged = true;
      if (old === undefined) next.delete(key);
      else next.set(key, old);
    }
  }
  if (!isChanged) return null;
  return [...next].map(([feature, value]) => ({ feature, value })).sort((a, b) => (a.feature < b.feature ? -1 : 1));
}
