import { sizeProblem } from "~/core/catalogue/catalogue-bounds";
import {
  applyCatalogueChange,
  type CatalogueChange,
  catalogueChange,
  incompatibleEntries,
  incompatibleMessage,
} from "~/core/catalogue/catalogue-changes";
import {
  type CatalogueFile,
  type FileArchived,
  type FileProblem,
  featureFromFile,
  planFromFile,
  planPath,
} from "~/core/catalogue/catalogue-file";
import { featureChanges, planChanges } from "~/core/catalogue/catalogue-words";
import { typeProblem } from "~/core/catalogue/feature-changes";
import { nameProblem } from "~/core/catalogue/new-names";
import { withMeter } from "~/core/catalogue/period-changes";
import { kindProblem } from "~/core/catalogue/plan-changes";
import type { CatalogueFacts, Feature, Instant, Plan, PlanEntry, Stamp } from "~/core/model";
import type { Refusal } from "~/core/outcome";
import { sameJson } from "~/core/same-json";

type Named = { key: string; name: string };
/** `what`: one phrase per difference; may be empty for additions and restorations. */
export type DiffLine = Named & { what: string[] };
export type ListDiff = { added: DiffLine[]; changed: DiffLine[]; archived: DiffLine[]; restored: DiffLine[] };
export type CatalogueDiff = { features: ListDiff; plans: ListDiff };

/** `change` is null if the catalogue already matches the file. */
export type ImportPlan = { ok: true; change: CatalogueChange | null; diff: CatalogueDiff } | { ok: false; problems: FileProblem[] };

/**
 * The catalogue after importing the file. Anything the file does not name is archived, never deleted, and plans keep
 * its entries, so that naming it again restores it. The file has passed `fileProblems`.
 */
export function planImport(current: CatalogueFacts, file: CatalogueFile, stamp: Stamp, why?: string | null): ImportPlan {
  if (file.isTenantsOnly) return { ok: true, change: null, diff: { features: noDiff(), plans: noDiff() } };
  const problems: FileProblem[] = [];
  const features = nextFeatures(current, file, stamp.now, problems);
  const plans = nextPlans(current, file, stamp.now, problems);
  if (problems.length > 0) return { ok: false, problems };
  const all = new Map([...current.features, ...features].map((f) => [f.key, f]));
  const touched = new Map([...current.plans, ...plans].map((p) => [p.key, p]));
  // What the file does not name keeps its settings, so that all that plans give of it still fits.
  for (const feature of features.filter(({ key }) => file.features.has(key))) {
    const unfit = incompatibleEntries([...touched.values()], feature);
    if (unfit.length === 0) continue;
    const message = `what these archived plans give of ${feature.key} would no longer fit: ${incompatibleMessage(feature, unfit)}`;
    problems.push({ path: ["features", feature.key], message });
  }
  if (problems.length > 0) return { ok: false, problems };

  const find = (key: string) => all.get(key);
  const diff: CatalogueDiff = {
    features: compare(current.features, features, featureChanges),
    plans: compare(current.plans, plans, (before, after) => planChanges(before, after, find)),
  };
  for (const line of diff.plans.added) {
    const plan = touched.get(line.key) as Plan;
    const own = plan.entries.length;
    line.what = [`${plan.kind === "base" ? "plan" : "add-on"} with ${own} ${own === 1 ? "feature" : "features"} of its own`];
    if (plan.includes !== null) line.what.push(`includes ${plan.includes}`);
  }
  if (features.length === 0 && plans.length === 0) return { ok: true, change: null, diff };
  const change = catalogueChange("catalogue.imported", { features, plans }, stamp, why);
  const tooLarge = sizeProblem(current, applyCatalogueChange(current, change, current.revision));
  if (tooLarge) return { ok: false, problems: [{ path: ["features"], message: tooLarge.message }] };
  return { ok: true, change, diff };
}

const noDiff = (): ListDiff => ({ added: [], changed: [], archived: [], restored: [] });

function archivedAt(archived: FileArchived, before: { archivedAt: Instant | null } | undefined, now: Instant): Instant | null {
  if (archived === false) return null;
  return archived === true ? (before?.archivedAt ?? now) : archived;
}

/** Only those that differ from the file. */
function nextFeatures(current: CatalogueFacts, file: CatalogueFile, now: Instant, problems: FileProblem[]): Feature[] {
  const have = new Map(current.features.map((f) => [f.key, f]));
  const next: Feature[] = [];
  for (const [key, wanted] of file.features) {
    const before = have.get(key);
    have.delete(key);
    const bad = before ? typeProblem(before, wanted.type) : null;
    if (bad) problems.push({ path: ["features", key, "type"], message: bad.message });
    const badName = nameProblem("name", wanted.name, before?.name ?? key) ?? nameProblem("group", wanted.group, before?.group);
    if (badName) problems.push({ path: ["features", key, badName.field as string], message: badName.message });
    const wantedFeature = featureFromFile(key, wanted, archivedAt(wanted.archived, before, now), before?.revision ?? 0);
    const after = withPeriodChanges(before, wantedFeature, now);
    if ("ok" in after) {
      problems.push({ path: ["features", key, "meter", "resetPeriod"], message: after.message });
      continue;
    }
    if (!before || !sameJson(before, after)) next.push(after);
  }
  for (const left of have.values()) if (left.archivedAt === null) next.push({ ...left, archivedAt: now });
  return next;
}

/** A file has no changes of the reset period. One that it makes begins at zero. */
function withPeriodChanges(before: Feature | undefined, after: Feature, now: Instant): Feature | Refusal {
  if (before?.type !== "metered" || after.type !== "metered") return after;
  const metered = withMeter(before, after.meter, "zero", now);
  if ("ok" in metered) return metered;
  return metered.periodChanges ? { ...after, periodChanges: metered.periodChanges } : after;
}

function nextPlans(current: CatalogueFacts, file: CatalogueFile, now: Instant, problems: FileProblem[]): Plan[] {
  const have = new Map(current.plans.map((p) => [p.key, p]));
  const next: Plan[] = [];
  for (const [key, wanted] of file.plans) {
    const before = have.get(key);
    have.delete(key);
    const bad = before ? kindProblem(before, wanted.kind) : null;
    if (bad) problems.push({ path: planPath(key, wanted), message: bad.message });
    const badName = nameProblem("name", wanted.name, before?.name ?? key);
    if (badName) problems.push({ path: [...planPath(key, wanted), "name"], message: badName.message });
    const after = planFromFile(key, wanted, archivedAt(wanted.archived, before, now), before?.revision ?? 0);
    const kept: PlanEntry[] = before?.entries.filter((e) => !file.features.has(e.feature)) ?? [];
    after.entries = [...after.entries, ...kept].sort((a, b) => (a.feature < b.feature ? -1 : 1));
    if (!before || !sameJson(before, after)) next.push(after);
  }
  for (const left of have.values()) if (left.archivedAt === null) next.push({ ...left, archivedAt: now });
  return next;
}

function compare<T extends Named & { archivedAt: Instant | null }>(before: T[], after: T[], changes: (a: T, b: T) => string[]): ListDiff {
  const had = new Map(before.map((b) => [b.key, b]));
  const diff: ListDiff = { added: [], changed: [], archived: [], restored: [] };
  for (const now of after) {
    const old = had.get(now.key);
    const line: DiffLine = { key: now.key, name: now.name, what: old ? changes(old, now) : [] };
    if (!old) diff.added.push(line);
    else if (old.archivedAt === null && now.archivedAt !== null) diff.archived.push(line);
    else if (old.archivedAt !== null && now.archivedAt === null) diff.restored.push(line);
    else diff.changed.push(line.what.length > 0 ? line : { ...line, what: ["archived since"] });
  }
  return diff;
}
