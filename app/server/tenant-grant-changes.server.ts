import type { Catalogue } from "~/core/catalogue";
import type { TenantChange } from "~/core/changes";
import { endGrant, extendGrant, type OverrideForm, setOverride } from "~/core/grant-changes";
import type { Actor, Grant, Instant, Stamp, TenantFacts } from "~/core/model";
import { type Outcome, type Refusal, refuse } from "~/core/outcome";
import type { ExtendPage } from "~/forms/grant-page";
import { changeTenant } from "./change.server";
import type { Services } from "./services.server";

/** `ids`: of the grants that the change made, or of those that it touched where it made none. */
export type GrantsChanged = { ok: true; ids: string[] } | Refusal;

/** Locks the tenant and lets the pure function decide; says which grants came of it. */
export async function changeGrants(
  services: Services,
  actor: Actor,
  key: string,
  decideChange: (facts: TenantFacts, catalogue: Catalogue, stamp: Stamp) => Outcome<TenantChange>,
): Promise<GrantsChanged> {
  let ids: string[] = [];
  const result = await changeTenant(services, key, actor, (facts, catalogue, stamp) => {
    if (!facts) return refuse("tenant_not_found", `There is no tenant ${key} any more.`);
    const outcome = decideChange(facts, catalogue, stamp);
    const touched = (outcome.ok && outcome.change?.grants) || [];
    const made = touched.filter((g) => g.endedAt === null);
    ids = (made.length > 0 ? made : touched).map((g) => g.id);
    return outcome;
  });
  return result.ok ? { ok: true, ids } : result;
}

export const endNow = (services: Services, actor: Actor, key: string, form: { grant: string; note?: string }) =>
  changeGrants(services, actor, key, (facts, _catalogue, stamp) => endGrant(facts, form, stamp));

export const extend = (services: Services, actor: Actor, key: string, form: { grant: string; endsAt: Instant; note?: string }) =>
  changeGrants(services, actor, key, (facts, _catalogue, stamp) => extendGrant(facts, form, stamp));

export const override = (services: Services, actor: Actor, key: string, form: OverrideForm) =>
  changeGrants(services, actor, key, (facts, catalogue, stamp) => setOverride(facts, form, catalogue, stamp));

const day = 86_400_000;

/** Days count from the end that the grant has. */
export const newEnd = (form: ExtendPage, grant: Grant, now: Instant): Instant =>
  form.length === "own" ? (form.endsAt as Instant) : (grant.endsAt ?? now) + Number(form.length) * day;
