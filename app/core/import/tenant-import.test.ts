import { describe, expect, it } from "vitest";
import { compileCatalogue } from "~/core/catalogue/catalogue";
import type { FileTenant } from "~/core/catalogue/catalogue-file";
import type { TenantFacts } from "~/core/model";
import { day } from "~/core/time";
import { bundle, fileOf, on } from "~tests/catalogue-file";
import {
  addOn,
  catalogueFacts,
  configFeature,
  denial,
  feature,
  frozen,
  meteredFeature,
  now,
  override,
  plan,
  stamp,
  tenant,
  trial,
} from "~tests/facts";
import { importRules, planTenant, planWholeImport } from "./tenant-import";

const current = frozen(
  catalogueFacts(
    [
      feature("sso", { name: "SSO" }),
      feature("old", { archivedAt: now - day }),
      meteredFeature("seats", { unit: "seats" }),
      configFeature("region", { kind: "text", options: ["eu", "us"] }),
    ],
    [
      plan("free", { sso: true }, { rank: 1 }),
      plan("pro", { seats: 10, region: "us" }, { rank: 2, includes: "free" }),
      addOn("more", { seats: 5 }, { rank: 3 }),
    ],
    7,
  ),
);

describe("importing tenants", () => {
  const rules = importRules(
    compileCatalogue(
      catalogueFacts(
        [...current.features, feature("gone", { archivedAt: now })],
        [...current.plans, plan("retired", { sso: true }, { archivedAt: now })],
      ),
    ),
  );
  const acme = frozen(
    tenant({
      plan: "pro",
      addOns: ["more"],
      metadata: { a: 1 },
      grants: [trial("sso"), override("seats", { value: 3 }), denial("region", { id: "gr_no" })],
    }),
  );
  const same = {
    trial: { kind: "trial" as const, feature: "sso", endsAt: now + 14 * day },
    seats: { kind: "override" as const, effect: "allow" as const, feature: "seats", value: 3 },
    deny: { kind: "override" as const, effect: "deny" as const, feature: "region" },
  };
  const plan_ = (facts: TenantFacts | null, wanted: FileTenant) => planTenant(facts, "acme", wanted, rules, stamp());
  const changeOf = (facts: TenantFacts | null, wanted: FileTenant) => {
    const next = plan_(facts, wanted);
    if (!next.ok) throw new Error(next.problem.message);
    return next;
  };

  it("creates a tenant with its grants in one change", () => {
    const made = changeOf(null, { name: "Acme", plan: "pro", grants: [same.trial, same.deny] });
    expect(made).toMatchObject({ isNew: true, change: { action: "tenant.created", set: { name: "Acme", plan: "pro", status: "active" } } });
    expect(made.change?.grants.map((g) => [g.kind, g.feature, g.createdBy])).toEqual([
      ["trial", "sso", "Ada"],
      ["override", "region", "Ada"],
    ]);
  });

  it("leaves alone what is left out, clears what is null, and makes no grant twice", () => {
    expect(changeOf(acme, { grants: [same.trial, same.seats, same.deny] }).change).toBeNull();
    expect(changeOf(acme, { grants: [{ ...same.trial, startsAt: now - day }] }).change).toBeNull();
    expect(changeOf(acme, { plan: null, addOns: null, grants: [] }).change).toMatchObject({
      set: { plan: null, addOns: [] },
      action: "tenant.plan_changed",
    });
  });

  it("skips a grant that is over at its very end, and makes one that ends a millisecond later", () => {
    const over = changeOf(null, { grants: [{ ...same.trial, endsAt: now }] });
    expect(over.change?.grants).toEqual([]);
    expect(over.skipped).toEqual(["the trial of sso ended on 20 November 2026"]);
    expect(changeOf(null, { grants: [{ ...same.trial, startsAt: now - day, endsAt: now + 1 }] }).change?.grants).toHaveLength(1);
  });

  it("refuses, with the place in the file, a grant that meets another and an archived plan newly given", () => {
    expect(plan_(acme, { grants: [same.deny, { ...same.trial, endsAt: now + 20 * day }] })).toMatchObject({
      ok: false,
      problem: { path: ["tenants", "acme", "grants", 1] },
    });
    expect(plan_(acme, { plan: "retired", grants: [] })).toMatchObject({ ok: false, problem: { path: ["tenants", "acme", "plan"] } });
    expect(plan_(acme, { grants: [{ kind: "trial", feature: "gone", endsAt: now + day }] })).toMatchObject({ ok: false });
  });

  it("restores a tenant that is new here as it was, archived, on an archived plan and with a trial of an archived feature", () => {
    const back = changeOf(null, { plan: "retired", status: "archived", grants: [{ kind: "trial", feature: "gone", endsAt: now + day }] });
    expect(back.change).toMatchObject({ set: { status: "archived", plan: "retired" }, grants: [{ feature: "gone", value: true }] });
  });

  it("gives tenants plans that come with the same file", () => {
    const file = fileOf(
      { sso: on("sso") },
      { brand_new: bundle(1, { sso: true }) },
      { acme: { plan: "brand_new", grants: [] }, other: { plan: "brand_new", grants: [] } },
    );
    const whole = planWholeImport(current, new Map([["acme", acme]]), file, stamp());
    expect(whole).toMatchObject({ ok: true, tenants: [{ before: acme, change: { set: { plan: "brand_new" } } }, { before: null }] });
    expect(whole.ok && whole.diff.tenants).toMatchObject({ added: [{ key: "other" }], changed: [{ key: "acme", what: ["plan"] }] });
  });
});
