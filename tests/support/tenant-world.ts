import { catalogueChange } from "~/core/catalogue/catalogue-changes";
import { putTenant, type TenantForm } from "~/core/decision/changes";
import { grantTrial, type OverrideForm, setOverride } from "~/core/grants/grant-changes";
import type { Instant, TenantFacts, Value } from "~/core/model";
import { day } from "~/core/time";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import type { TestApp } from "./app";
import { addOn, configFeature, feature, meteredFeature, plan } from "./facts";

const somebody = { kind: "cli", id: "test", name: "Somebody else" } as const;

export const worldFeatures = [
  feature("sso", { name: "Single sign-on", group: "Security" }),
  feature("audit.log", { name: "Audit trail", group: "Security" }),
  feature("epics", { name: "Epics", group: "Planning" }),
  meteredFeature("api.calls", { unit: "calls" }, { name: "API calls" }),
  configFeature("support", { kind: "text", options: ["community", "phone"] }, { name: "Support" }),
  configFeature("branding", { kind: "json" }, { name: "Branding" }),
  feature("old", { name: "Old thing", archivedAt: 1 }),
];

/** Starter, premium and two add-ons over features of every type, added by another admin. */
export async function seedCatalogue({ services }: TestApp) {
  const plans = [
    plan("starter", { epics: true, "api.calls": 100, support: "community" }, { name: "Starter", rank: 10 }),
    plan("premium", { sso: true, "audit.log": true, "api.calls": 1000 }, { name: "Premium", rank: 20, includes: "starter" }),
    plan("legacy", { sso: true }, { name: "Legacy", rank: 90, archivedAt: 1 }),
    addOn("phone", { support: "phone" }, { name: "Phone support" }),
    addOn("nothing", { "api.calls": 0 }, { name: "Nothing much" }),
  ];
  const change = { features: worldFeatures, plans };
  await changeCatalogue(services, somebody, (_facts, stamp) => ({
    ok: true,
    change: catalogueChange("catalogue.imported", change, stamp, null),
  }));
}

export const putAs = ({ services }: TestApp, key: string, form: TenantForm) =>
  changeTenant(services, key, somebody, (facts, catalogue, stamp) => putTenant(facts, key, form, catalogue, stamp));

/** For 14 days by default; returns its id. */
export async function trialAs(
  { services }: TestApp,
  key: string,
  of: string,
  more: { value?: Value; startsAt?: Instant; endsAt?: Instant } = {},
) {
  const form = {
    features: [{ feature: of, value: more.value }],
    startsAt: more.startsAt,
    endsAt: more.endsAt ?? services.now() + 14 * day,
  };
  const done = await changeTenant(services, key, somebody, (f, c, stamp) => grantTrial(f as TenantFacts, form, c, stamp));
  return newest(done);
}

export async function overrideAs({ services }: TestApp, key: string, form: OverrideForm) {
  return newest(await changeTenant(services, key, somebody, (f, c, stamp) => setOverride(f as TenantFacts, form, c, stamp)));
}

function newest(done: Awaited<ReturnType<typeof changeTenant>>): string {
  const id = done.ok ? done.facts?.grants.at(-1)?.id : undefined;
  if (id === undefined) throw new Error(`nothing was granted: ${JSON.stringify(done)}`);
  return id;
}
