import { describe, expect, test } from "vitest";
import { isOver } from "~/core/grants/grant-lifetime";
import type { TenantFacts } from "~/core/model";
import { day, hour } from "~/core/time";
import { addOn, catalogue, feature, frozen, made, now, override, plan, stamp, tenant, trial } from "~tests/facts";
import { applyChange, putTenant, staleTenant, type TenantChange, type TenantForm } from "./changes";
import { decide } from "./decide";

const shop = catalogue(
  [feature("sso")],
  [
    plan("starter", {}, { name: "Starter" }),
    plan("premium", { sso: true }),
    plan("old", {}, { name: "Old", archivedAt: now - day }),
    addOn("seats"),
    addOn("storage", {}, { name: "Storage" }),
    addOn("old-extra", {}, { name: "Old extra", archivedAt: now - day }),
  ],
);

const acme = frozen(tenant({ revision: 7, plan: "starter", addOns: ["seats"], metadata: { crm: { id: 1, tags: ["a", "b"] } } }));
const put = (form: TenantForm, facts: TenantFacts | null = acme) => putTenant(facts, "acme", frozen(form), shop, stamp());

describe("creating a tenant", () => {
  test("with nothing but its key gives it its key as name, no plan, and the time of the change", () => {
    const change = made(put({}, null));
    expect(change).toMatchObject({ action: "tenant.created", key: "acme", at: now, why: null, grants: [] });
    expect(applyChange(null, change, 1)).toEqual({
      revision: 1,
      key: "acme",
      name: "acme",
      status: "active",
      plan: null,
      addOns: [],
      metadata: {},
      createdAt: now,
      grants: [],
    });
  });

  test("takes every field that is given", () => {
    const form: TenantForm = {
      name: "Acme",
      plan: "premium",
      addOns: ["storage"],
      status: "suspended",
      metadata: { a: 1 },
      why: "Order 7",
    };
    const change = made(put(form, null));
    expect(change.why).toBe("Order 7");
    expect(applyChange(null, change, 3)).toMatchObject({
      revision: 3,
      name: "Acme",
      plan: "premium",
      addOns: [{ plan: "storage", addedAt: now }],
      status: "suspended",
      metadata: { a: 1 },
    });
  });
});

describe("changing a tenant", () => {
  test.each<[string, TenantForm, string, TenantChange["set"]]>([
    ["a name", { name: "Acme Ltd" }, "tenant.updated", { name: "Acme Ltd" }],
    ["a plan", { plan: "premium" }, "tenant.plan_changed", { plan: "premium" }],
    ["the add-ons", { addOns: [] }, "tenant.plan_changed", { addOns: [] }],
    ["plan and add-ons", { plan: null, addOns: null }, "tenant.plan_changed", { plan: null, addOns: [] }],
    ["suspending", { status: "suspended" }, "tenant.suspended", { status: "suspended" }],
    ["archiving", { status: "archived" }, "tenant.archived", { status: "archived" }],
    ["status and name", { status: "archived", name: "Gone" }, "tenant.updated", { status: "archived", name: "Gone" }],
    ["plan and name", { plan: "premium", name: "A" }, "tenant.updated", { plan: "premium", name: "A" }],
    ["metadata", { metadata: { crm: 2 } }, "tenant.updated", { metadata: { crm: 2 } }],
    ["clearing the name", { name: null }, "tenant.updated", { name: "acme" }],
    ["clearing the metadata", { metadata: null }, "tenant.updated", { metadata: {} }],
  ])("%s sets that and nothing else", (_, form, action, set) => {
    const change = made(put(form));
    expect([change.action, change.set]).toEqual([action, set]);
    expect(applyChange(acme, change, 8)).toEqual({ ...acme, ...set, revision: 8 });
  });

  test.each(["suspended", "archived"] as const)(
    "a tenant that is %s is reinstated by making it active, or by clearing its status",
    (status) => {
      for (const wanted of ["active", null] as const) {
        const change = made(put({ status: wanted }, { ...acme, status }));
        expect([change.action, change.set]).toEqual(["tenant.reinstated", { status: "active" }]);
      }
    },
  );

  test.each<[string, TenantForm]>([
    ["nothing at all", {}],
    ["only a reason", { why: "just because" }],
    ["what it has already", { name: "Acme", plan: "starter", addOns: ["seats"], status: "active" }],
    ["the same metadata with its keys in another order", { metadata: { crm: { tags: ["a", "b"], id: 1 } } }],
    ["an add-on twice", { addOns: ["seats", "seats"] }],
    ["clearing a status that is active", { status: null }],
  ])("%s changes nothing, so there is nothing to write", (_, form) => {
    expect(put(form)).toEqual({ ok: true, change: null });
  });

  test.each<[string, TenantForm["metadata"]]>([
    ["in order, where order counts", { crm: { id: 1, tags: ["b", "a"] } }],
    ["by a key more", { crm: { id: 1, tags: ["a", "b"] }, x: null }],
    ["by a key less", { crm: { id: 1 } }],
    ["by type", { crm: { id: "1", tags: ["a", "b"] } }],
    ["by a list in the place of an object", { crm: { id: 1, tags: { 0: "a", 1: "b" } } }],
  ])("metadata that differ %s are a change", (_, metadata) => {
    expect(made(put({ metadata })).set).toEqual({ metadata });
  });
});

describe("add-ons", () => {
  const both = tenant({ addOns: ["storage", "seats"] });

  test("that stay keep their place and date, and new ones come last, with the date of the change", () => {
    const { set } = made(put({ addOns: ["old-extra", "storage", "seats"] }, tenant({ addOns: ["seats", "old-extra"] })));
    expect(set.addOns?.map((a) => [a.plan, a.addedAt === now])).toEqual([
      ["seats", false],
      ["old-extra", false],
      ["storage", true],
    ]);
  });

  test("named in another order are no change: which came last is a matter of date", () => {
    expect(put({ addOns: ["seats", "storage"] }, both)).toEqual({ ok: true, change: null });
  });

  test("taken away and given again count from the new date", () => {
    const without = applyChange(both, made(put({ addOns: ["seats"] }, both)), 2);
    const again = applyChange(without, made(put({ addOns: ["storage", "seats"] }, without)), 3);
    expect(again.addOns.map((a) => a.plan)).toEqual(["seats", "storage"]);
    expect(again.addOns.at(-1)?.addedAt).toBe(now);
  });
});

describe("a refusal says why, what would work, and at which field", () => {
  test.each<[string, TenantForm, string, string, RegExp]>([
    ["an unknown plan", { plan: "gold" }, "plan_not_found", "plan", /no plan gold\. Choose/],
    ["a plan of the name of a method", { plan: "constructor" }, "plan_not_found", "plan", /no plan constructor/],
    ["an add-on as the plan", { plan: "storage" }, "plan_kind", "plan", /Storage is an add-on\. Give it as an add-on/],
    ["an archived plan", { plan: "old" }, "plan_archived", "plan", /Old is archived .* Choose another plan/],
    ["an unknown add-on", { addOns: ["seats", "gold"] }, "plan_not_found", "addOns", /no add-on gold/],
    ["a plan as an add-on", { addOns: ["starter"] }, "plan_kind", "addOns", /Starter is a plan, not an add-on/],
    ["an archived add-on", { addOns: ["old-extra"] }, "plan_archived", "addOns", /Old extra is archived .* Choose another add-on/],
  ])("%s", (_, form, code, field, message) => {
    for (const facts of [acme, null]) {
      expect(put(form, facts)).toEqual({ ok: false, code, field, message: expect.stringMatching(message) });
    }
  });

  test("who has an archived plan or add-on keeps it through any other change", () => {
    const veteran = tenant({ plan: "old", addOns: ["old-extra"] });
    expect(made(put({ name: "New", plan: "old", addOns: ["old-extra", "seats"] }, veteran)).set).toMatchObject({ name: "New" });
  });

  test("who gave an archived plan away does not get it back", () => {
    const veteran = tenant({ plan: "old" });
    const left = applyChange(veteran, made(put({ plan: "starter" }, veteran)), 2);
    expect(put({ plan: "old" }, left)).toMatchObject({ ok: false, code: "plan_archived" });
  });

  test("an editor who saw another revision is refused, also when it is newer", () => {
    for (const expected of [6, 8]) {
      expect(staleTenant(acme, expected)).toMatchObject({ ok: false, code: "stale", message: expect.stringMatching(/save again/) });
    }
    expect(staleTenant(acme, 7)).toBeNull();
  });
});

describe("applying a change", () => {
  const change: TenantChange = { action: "trial.granted", key: "acme", set: {}, grants: [], at: now, why: null };

  test("touches neither the facts nor the change", () => {
    const facts = frozen(tenant({ grants: [trial("sso", { id: "gr_a" }), trial("sso", { id: "gr_b", endsAt: now })] }));
    const after = applyChange(facts, frozen({ ...change, grants: [trial("sso", { id: "gr_c" })], set: { name: "New" } }), 2);
    expect(after).toMatchObject({ name: "New", revision: 2 });
    expect(after.grants.map((g) => g.id)).toEqual(["gr_a", "gr_c"]);
  });

  test("puts a grant that it changes in the place of the old, and new ones last", () => {
    const facts = tenant({ grants: [override("sso", { id: "gr_a" }), trial("sso", { id: "gr_b" })] });
    const after = applyChange(facts, { ...change, grants: [trial("sso", { id: "gr_c" }), override("sso", { id: "gr_a", note: "!" })] }, 2);
    expect(after.grants.map((g) => [g.id, g.note])).toEqual([
      ["gr_a", "!"],
      ["gr_b", null],
      ["gr_c", null],
    ]);
  });

  test.each([
    ["1 ms before its end stays", trial("sso", { endsAt: now + 1 }), 1],
    ["at its end leaves", trial("sso", { endsAt: now }), 0],
    ["that somebody ends now leaves", trial("sso", { endedAt: now }), 0],
    ["that is to come stays", trial("sso", { startsAt: now + day, endsAt: now + 2 * day }), 1],
    ["that was called off before it began leaves", trial("sso", { startsAt: now + day, endsAt: now + 2 * day, endedAt: now }), 0],
    ["that is never to begin leaves", trial("sso", { startsAt: now + day, endsAt: now + 2 * day, endedAt: now + hour }), 0],
    ["that somebody is to end in an hour stays", trial("sso", { endedAt: now + hour }), 1],
    ["without an end stays", override("sso"), 1],
  ])("a grant %s", (_, grant, left) => {
    expect(applyChange(tenant({ grants: [grant] }), change, 2).grants).toHaveLength(left);
    expect(isOver(grant, now)).toBe(left === 0);
  });

  test("what leaves the facts moves no decision from then on", () => {
    const facts = tenant({ plan: "starter", grants: [trial("sso", { endsAt: now }), override("sso", { endedAt: now - 1 })] });
    const after = applyChange(facts, change, 1);
    expect(after.grants).toEqual([]);
    for (const at of [now, now + 1, now + 99 * day]) {
      const ask = (who: TenantFacts) => decide({ tenant: who, catalogue: shop, feature: "sso", now: at });
      expect(ask(after)).toEqual(ask(facts));
    }
  });
});
