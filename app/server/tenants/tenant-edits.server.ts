import type { Catalogue } from "~/core/catalogue/catalogue";
import { putTenant, staleTenant, type TenantChange, type TenantForm } from "~/core/decision/changes";
import type { Actor, Instant, Json, Stamp, TenantFacts } from "~/core/model";
import { type Outcome, type Refusal, refuse } from "~/core/outcome";
import { sameJson } from "~/core/same-json";
import type { NewTenantInput } from "~/forms/tenants/tenant-page";
import { changeTenant } from "~/server/changes/tenant-change.server";
import type { Services } from "~/server/services.server";
import { listAuditHeads } from "~db/store/audit.server";
import { readTenantFactsAt } from "~db/store/facts.server";
import { currentTenant } from "./tenants.server";

export async function createTenant(services: Services, actor: Actor, form: NewTenantInput): Promise<{ ok: true; name: string } | Refusal> {
  const { key, ...fields } = form;
  const result = await changeTenant(services, key, actor, (facts, catalogue, stamp) => {
    if (facts) return refuse("tenant_exists", `There is a tenant with this key already: ${facts.name}. Choose another key.`, "key");
    return putTenant(null, key, fields, catalogue, stamp);
  });
  return result.ok ? { ok: true, name: result.facts?.name ?? key } : result;
}

type Field = "name" | "status" | "plan" | "addOns" | "metadata";
/** Those of the form for plan and add-ons. */
export const planFields = ["plan", "addOns"] as const;
type Seen = { [field: string]: Json };

/** A concurrent change by someone else. */
export type ConcurrentTenantChange = { before: Seen; after: Seen; by: string | null; at: Instant | null };
export type Saved =
  | { ok: true; changed: boolean }
  | { ok: false; refusal: Refusal; revision: number | null; theirs: ConcurrentTenantChange | null };

const seen = (facts: TenantFacts, fields: readonly Field[]): Seen =>
  Object.fromEntries(fields.map((field) => [field, field === "addOns" ? facts.addOns.map((a) => a.plan) : facts[field]]));

/** `fields` are those the form edits. Only their concurrent change is a conflict; a new grant is not. */
type Edited = { expected: number; fields: readonly Field[] };

export const saveTenant = (services: Services, actor: Actor, key: string, form: TenantForm, edited: Edited): Promise<Saved> =>
  changeEdited(services, actor, key, edited, (facts, catalogue, stamp) => putTenant(facts, key, form, catalogue, stamp));

/** Changes a tenant, unless someone else changed one of the fields since its form was opened. */
export async function changeEdited(
  services: Services,
  actor: Actor,
  key: string,
  { expected, fields }: Edited,
  decideChange: (facts: TenantFacts, catalogue: Catalogue, stamp: Stamp) => Outcome<TenantChange>,
): Promise<Saved> {
  const { db } = services;
  const base = await readTenantFactsAt(db.readAside, db.tables, key, expected);
  const result = await changeTenant(services, key, actor, (facts, catalogue, stamp) => {
    if (!facts) return refuse("tenant_not_found", `There is no tenant ${key} any more.`);
    const isSame = base !== null && sameJson(seen(base, fields), seen(facts, fields));
    const stale = isSame ? null : staleTenant(facts, expected);
    return stale ?? decideChange(facts, catalogue, stamp);
  });
  if (result.ok) return { ok: true, changed: result.changed };
  if (result.code !== "stale") return { ok: false, refusal: result, revision: expected, theirs: null };
  const current = await currentTenant(services, key);
  if (!current) return { ok: false, refusal: result, revision: null, theirs: null };
  const changes = await listAuditHeads(db.readAside, db.tables, { subjectKind: "tenant", subject: key }, { size: 20 });
  const last = changes.find(({ action }) => action.startsWith("tenant."));
  const theirs = {
    before: base ? seen(base, fields) : {},
    after: seen(current, fields),
    by: last?.actorName ?? null,
    at: last?.at.getTime() ?? null,
  };
  return { ok: false, refusal: result, revision: current.revision, theirs };
}
