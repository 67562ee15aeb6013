import { valueProblem } from "~/core/decision/values";
import type { Feature, FlagLink, Instant, Json, Plan, PlanKind, TenantStatus, Value } from "~/core/model";
import { givenBy, maxGiven, maxKept } from "./catalogue-bounds";
import type { FeatureKind } from "./feature-changes";
import { includeCycle } from "./plan-changes";

/** True, or the time it was archived; false if active. */
export type FileArchived = boolean | Instant;

export type FileFeature = FeatureKind & {
  name: string;
  description: string | null;
  group: string | null;
  askUrl?: string;
  flag: FlagLink | null;
  archived: FileArchived;
};

export type FilePlan = {
  kind: PlanKind;
  name: string;
  description: string | null;
  rank: number;
  includes: string | null;
  entries: Map<string, Value>;
  archived: FileArchived;
};

type FileGrantBase = { feature: string; startsAt?: Instant; note?: string | null };
export type FileGrant = FileGrantBase &
  (
    | { kind: "trial"; value?: Value; endsAt: Instant }
    | { kind: "override"; effect: "allow" | "deny"; value?: Value; endsAt?: Instant | null }
  );

/** Omitted means unchanged; null means cleared. */
export type FileTenant = {
  name?: string | null;
  plan?: string | null;
  addOns?: string[] | null;
  status?: TenantStatus | null;
  metadata?: { [key: string]: Json } | null;
  grants: FileGrant[];
};

/** A parsed catalogue file with shorthand expanded. Features and plans are complete; tenants are a subset. */
export type CatalogueFile = {
  features: Map<string, FileFeature>;
  /** Plans and add-ons in file order. */
  plans: Map<string, FilePlan>;
  tenants: Map<string, FileTenant>;
  /** True if the file has neither features nor plans. The catalogue then stays, and tenants refer to it. */
  isTenantsOnly?: true;
};

/** The path in the file, and what is wrong and what would be right. */
export type FileProblem = { path: (string | number)[]; message: string };

export function featureFromFile(key: string, from: FileFeature, archivedAt: Instant | null, revision: number): Feature {
  const { name, description, group, askUrl, flag } = from;
  const common = { key, name, description, group, ...(askUrl === undefined ? {} : { askUrl }), flag, archivedAt, revision };
  if (from.type === "config") return { ...common, type: from.type, config: from.config };
  if (from.type === "metered") return { ...common, type: from.type, meter: from.meter };
  return { ...common, type: from.type };
}

export function planFromFile(key: string, from: FilePlan, archivedAt: Instant | null, revision: number): Plan {
  const { name, description, kind, rank, includes } = from;
  const entries = [...from.entries].map(([feature, value]) => ({ feature, value }));
  entries.sort((a, b) => (a.feature < b.feature ? -1 : 1));
  return { key, name, description, kind, rank, includes, entries, archivedAt, revision };
}

export const planPath = (key: string, plan: { kind: PlanKind }): string[] => [plan.kind === "base" ? "plans" : "addOns", key];

/** Problems within the file, independent of the catalogue. */
export function fileProblems(file: CatalogueFile): FileProblem[] {
  if (file.isTenantsOnly) return [];
  const tooMany = tooLargeFile(file);
  if (tooMany) return [tooMany];
  const features = new Map([...file.features].map(([key, f]) => [key, featureFromFile(key, f, null, 0)]));
  const problems: FileProblem[] = [];
  const say = (path: FileProblem["path"], message: string) => problems.push({ path, message });
  const entryProblem = (path: FileProblem["path"], key: string, value: Value | undefined) => {
    const feature = features.get(key);
    const bad = feature ? valueProblem(feature, value) : null;
    if (!feature) say(path, `there is no feature ${key} in this file: add it under features, or take it out here`);
    else if (bad) say(path, `${key} ${bad}`);
  };
  for (const [key, plan] of file.plans) {
    for (const [feature, value] of plan.entries) entryProblem([...planPath(key, plan), "features", feature], feature, value);
  }
  includesProblems(file, say);
  for (const [key, tenant] of file.tenants) {
    currentProblem(file, tenant.plan ?? null, "base", ["tenants", key, "plan"], say);
    for (const [i, addOn] of (tenant.addOns ?? []).entries()) currentProblem(file, addOn, "add_on", ["tenants", key, "addOns", i], say);
    for (const [i, grant] of tenant.grants.entries()) {
      const path = ["tenants", key, "grants", i];
      const isOn = grant.value === undefined && features.get(grant.feature)?.type === "boolean";
      if (grant.kind === "override" && grant.effect === "deny") {
        if (!features.has(grant.feature)) entryProblem(path, grant.feature, true);
      } else entryProblem(path, grant.feature, isOn ? true : grant.value);
    }
  }
  return problems;
}

/** Checks sizes first, so that an oversized file is never compared. */
function tooLargeFile({ features, plans }: CatalogueFile): FileProblem | null {
  const limit = (path: string, n: number, what: string): FileProblem | null =>
    n > maxKept
      ? {
          path: [path],
          message: `${n.toLocaleString("en")} ${what}: a catalogue can have ${maxKept.toLocaleString("en")}, archived ones included`,
        }
      : null;
  const many = limit("features", features.size, "features") ?? limit("plans", plans.size, "plans and add-ons");
  if (many) return many;
  const entriesOf = ([key, { includes, entries }]: [string, FilePlan]) => ({
    key,
    includes,
    entries: [...entries.keys()].map((feature) => ({ feature, value: null })),
  });
  if (givenBy([...plans].map(entriesOf)) <= maxGiven) return null;
  return {
    path: ["plans"],
    message: `plans give more than ${maxGiven.toLocaleString("en")} values together, inherited ones included: take features out of plans`,
  };
}

type Say = (path: FileProblem["path"], message: string) => void;
const noun = { base: "plan", add_on: "add-on" } as const;

function includesProblems(file: CatalogueFile, say: Say): void {
  const plans = new Map([...file.plans].map(([key, p]) => [key, planFromFile(key, p, null, 0)]));
  const told = new Set<string>();
  for (const [key, plan] of file.plans) {
    if (plan.includes === null) continue;
    const path = [...planPath(key, plan), "includes"];
    const included = file.plans.get(plan.includes);
    if (!included) say(path, `there is no ${noun[plan.kind]} ${plan.includes} in this file: add it, or include another`);
    else if (included.kind !== plan.kind) say(path, `a plan can include only a plan, and an add-on only an add-on`);
    const cycle = includeCycle(plans, key);
    if (!cycle || told.has(key)) continue;
    for (const member of cycle.split(" → ")) told.add(member);
    say(path, `plans would include each other in a circle: ${cycle}`);
  }
}

function currentProblem(file: CatalogueFile, key: string | null, kind: PlanKind, path: FileProblem["path"], say: Say): void {
  if (key === null) return;
  const plan = file.plans.get(key);
  if (!plan)
    say(path, `there is no ${noun[kind]} ${key} in this file: add it under ${kind === "base" ? "plans" : "addOns"}, or name another`);
  else if (plan.kind !== kind) {
    say(path, kind === "base" ? `${key} is an add-on: name it under addOns` : `${key} is a plan: name it under plan`);
  }
}
