import type { CatalogueFacts, Plan } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";

/** Max active features, and max active plans with add-ons. Decision 0045 has the measurements. */
export const maxInUse = 1_000;
/** Including archived ones, which stay in memory. */
export const maxKept = 5_000;
/** Max values of all plans together, including inherited ones. */
export const maxGiven = 50_000;

type Sizes = { features: number; plans: number; keptFeatures: number; keptPlans: number; given: number };

const number = (n: number) => n.toLocaleString("en");

const limits: { [S in keyof Sizes]: { max: number; says: (n: number) => string; todo: string } } = {
  features: { max: maxInUse, says: (n) => `${number(n)} features in use`, todo: "Archive features first." },
  plans: { max: maxInUse, says: (n) => `${number(n)} plans and add-ons in use`, todo: "Archive plans first." },
  keptFeatures: { max: maxKept, says: (n) => `${number(n)} features, archived ones included`, todo: "Restore one of those instead." },
  keptPlans: { max: maxKept, says: (n) => `${number(n)} plans, archived ones included`, todo: "Delete archived plans first." },
  given: {
    max: maxGiven,
    says: () => `more than ${number(maxGiven)} values in its plans, inherited ones included`,
    todo: "Take features out of plans first.",
  },
};

/** Returns null if the catalogue fits or did not grow, so that an oversized one can be made smaller. */
export function sizeProblem(before: CatalogueFacts, after: CatalogueFacts): Refusal | null {
  const [was, is] = [sizesOf(before), sizesOf(after)];
  for (const size of ["features", "plans", "keptFeatures", "keptPlans", "given"] as const) {
    const { max, says, todo } = limits[size];
    if (is[size] <= max || is[size] <= was[size]) continue;
    const limit = size === "given" ? "" : ` A catalogue can have ${number(max)}.`;
    return refuse("catalogue_too_large", `The catalogue would have ${says(is[size])}.${limit} ${todo}`);
  }
  return null;
}

function sizesOf({ features, plans }: CatalogueFacts): Sizes {
  const inUse = (list: readonly { archivedAt: number | null }[]) => list.filter((one) => one.archivedAt === null).length;
  const common = { features: inUse(features), plans: inUse(plans), keptFeatures: features.length, keptPlans: plans.length };
  return { ...common, given: givenBy(plans) };
}

/** Counts the values of the plans and stops just past the maximum. */
export function givenBy(plans: readonly Pick<Plan, "key" | "includes" | "entries">[]): number {
  const byKey = new Map(plans.map((p) => [p.key, p]));
  const counted = new Map<string, ReadonlySet<string>>();
  let total = 0;
  for (const plan of plans) {
    // This plan and the ones it includes, as far as they are not counted yet.
    const chain = new Set<typeof plan>();
    for (let at: typeof plan | undefined = plan; at && !counted.has(at.key) && !chain.has(at); at = byKey.get(at.includes ?? "")) {
      chain.add(at);
    }
    for (const link of [...chain].reverse()) {
      const inherited = counted.get(link.includes ?? "") ?? [];
      const given = new Set([...link.entries.map((e) => e.feature), ...inherited]);
      counted.set(link.key, given);
      total += given.size;
      if (total > maxGiven) return maxGiven + 1;
    }
  }
  return total;
}
