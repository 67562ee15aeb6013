import { type Catalogue, compileCatalogue } from "~/core/catalogue/catalogue";
import { applyCatalogueChange, type CatalogueChange } from "~/core/catalogue/catalogue-changes";
import type { CatalogueFile, FileGrant, FileProblem, FileTenant } from "~/core/catalogue/catalogue-file";
import { applyChange, putTenant, type TenantChange } from "~/core/decision/changes";
import { grantTrial, setOverride } from "~/core/grants/grant-changes";
import { isOver } from "~/core/grants/grant-lifetime";
import type { CatalogueFacts, Grant, Stamp, TenantFacts, Value } from "~/core/model";
import type { Outcome } from "~/core/outcome";
import { sameJson } from "~/core/same-json";
import { longDate } from "~/core/time";
import { type CatalogueDiff, type DiffLine, planImport } from "./catalogue-import";

/** `change` is null if the tenant already matches the file. `skipped`: grants that are over, as clauses. */
export type TenantImport =
  | { ok: true; isNew: boolean; change: TenantChange | null; what: string[]; skipped: string[] }
  | { ok: false; problem: FileProblem };

export type TenantsDiff = { added: DiffLine[]; changed: DiffLine[] /** Grants that are over, as sentences. */; skipped: string[] };
export type ImportDiff = CatalogueDiff & { tenants: TenantsDiff };
export type ImportedTenantChange = { before: TenantFacts | null; change: TenantChange };

export type WholeImport =
  | { ok: true; catalogue: CatalogueChange | null; tenants: ImportedTenantChange[]; diff: ImportDiff }
  | { ok: false; problems: FileProblem[] };

/** Plans the catalogue first, then each tenant of the file under the new catalogue: all of it, or the problems. */
export function planWholeImport(
  current: CatalogueFacts,
  tenants: ReadonlyMap<string, TenantFacts | null>,
  file: CatalogueFile,
  stamp: Stamp,
  why?: string | null,
): WholeImport {
  const plan = planImport(current, file, stamp, why);
  if (!plan.ok) return plan;
  if (file.tenants.size === 0) return { ok: true, catalogue: plan.change, tenants: [], diff: { ...plan.diff, tenants: noTenants() } };
  const after = plan.change ? applyCatalogueChange(current, plan.change, current.revision + 1) : current;
  const rules = importRules(compileCatalogue(after));
  const diff = noTenants();
  const writes: ImportedTenantChange[] = [];
  const problems: FileProblem[] = [];
  for (const [key, wanted] of file.tenants) {
    const before = tenants.get(key) ?? null;
    const next = planTenant(before, key, wanted, rules, stamp, why);
    if (!next.ok) {
      problems.push(next.problem);
      continue;
    }
    const name = next.change?.set.name ?? before?.name ?? key;
    for (const over of next.skipped) diff.skipped.push(`${name}: ${over}`);
    if (!next.change) continue;
    writes.push({ before, change: next.change });
    (next.isNew ? diff.added : diff.changed).push({ key, name, what: next.what });
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, catalogue: plan.change, tenants: writes, diff: { ...plan.diff, tenants: diff } };
}

const noTenants = (): TenantsDiff => ({ added: [], changed: [], skipped: [] });

/** The catalogue after the import, and as new tenants see it. */
export type ImportRules = { catalogue: Catalogue; restoring: Catalogue };

/** A new tenant may have archived plans and features, or be archived itself, because it is restored from elsewhere. */
export function importRules(catalogue: Catalogue): ImportRules {
  const features = new Map([...catalogue.features].map(([key, f]) => [key, { ...f, archivedAt: null }]));
  const plans = new Map([...catalogue.plans].map(([key, p]) => [key, { ...p, archivedAt: null }]));
  return { catalogue, restoring: { ...catalogue, features, plans } };
}

/** Plans the change of one tenant of the file. */
export function planTenant(
  facts: TenantFacts | null,
  key: string,
  wanted: FileTenant,
  { catalogue, restoring }: ImportRules,
  stamp: Stamp,
  why?: string | null,
): TenantImport {
  const rules = facts === null ? restoring : catalogue;
  const { grants, ...fields } = wanted;
  const put = putTenant(facts, key, { ...fields, why }, rules, stamp);
  if (!put.ok) {
    const path = ["tenants", key, ...(put.field && put.field !== "key" ? [put.field] : [])];
    return { ok: false, problem: { path, message: put.message } };
  }
  let change: TenantChange | null = null;
  const what: string[] = [];
  const skipped: string[] = [];
  let after = facts;
  const make = (next: TenantChange | null) => {
    if (!next) return;
    // One change per tenant: the first entry creates it, the others add grants.
    change = change ? { ...change, grants: [...change.grants, ...next.grants] } : { ...next, why: why ?? null };
    after = applyChange(after, next, after?.revision ?? 0);
  };
  make(put.change);
  if (put.change && facts) what.push(...Object.keys(put.change.set).map((field) => (field === "addOns" ? "add-ons" : field)));

  for (const [i, grant] of grants.entries()) {
    const now = after as TenantFacts;
    const end = grant.endsAt ?? null;
    const phrase = `${grant.kind === "trial" ? "trial" : grant.effect} of ${grant.feature}`;
    if (end !== null && end <= stamp.now) {
      skipped.push(`the ${phrase} ended on ${longDate(end)}`);
      continue;
    }
    if (now.grants.some((g) => !isOver(g, stamp.now) && isSame(g, grant, catalogue))) continue;
    const outcome = give(facts === null ? { ...now, status: "active" } : now, grant, rules, stamp);
    if (!outcome.ok) return { ok: false, problem: { path: ["tenants", key, "grants", i], message: outcome.message } };
    make(outcome.change);
    what.push(phrase);
  }
  return { ok: true, isNew: facts === null, change, what, skipped };
}

function give(facts: TenantFacts, grant: FileGrant, catalogue: Catalogue, stamp: Stamp): Outcome<TenantChange> {
  const { feature, value, startsAt, note } = grant;
  if (grant.kind === "override") {
    return setOverride(facts, { feature, effect: grant.effect, value, startsAt, endsAt: grant.endsAt, note }, catalogue, stamp);
  }
  return grantTrial(facts, { features: [{ feature, value }], startsAt, endsAt: grant.endsAt, note }, catalogue, stamp);
}

/** Ignores ids, authors and notes. A start omitted from the file matches any. */
function isSame(grant: Grant, wanted: FileGrant, catalogue: Catalogue): boolean {
  if (grant.kind !== wanted.kind || grant.feature !== wanted.feature || grant.endsAt !== (wanted.endsAt ?? null)) return false;
  if (wanted.startsAt !== undefined && wanted.startsAt !== grant.startsAt) return false;
  if (grant.kind === "override" && wanted.kind === "override") {
    if (grant.effect !== wanted.effect) return false;
    if (grant.effect === "deny") return true;
  }
  const on: Value | undefined = catalogue.features.get(grant.feature)?.type === "boolean" ? true : undefined;
  return sameJson((grant as { value?: Value }).value, wanted.value ?? on);
}
