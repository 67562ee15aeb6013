import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { catalogueChange } from "~/core/catalogue/catalogue-changes";
import { putTenant } from "~/core/decision/changes";
import { grantTrial, setOverride } from "~/core/grants/grant-changes";
import { cellLetters } from "~/core/matrix/matrix-cell";
import type { TenantFacts } from "~/core/model";
import { day } from "~/core/time";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { compareTenants } from "~/server/comparison/compare.server";
import { matrixPage } from "~/server/matrix/matrix.server";
import { recordUsage } from "~/server/usage/usage.server";
import { addOn, configFeature, feature, meteredFeature, plan } from "./support/facts";
import { engines, startServices, type TestServices } from "./support/services";

let s: TestServices;
afterEach(() => s.stop());

const somebody = { kind: "cli", id: "test", name: "Test" } as const;
const tenants = ["acme", "bolt", "core"];
const features = ["calls", "size", "sso"];

const step = fc.record({
  tenant: fc.constantFrom(...tenants),
  feature: fc.constantFrom(...features),
  do: fc.oneof(
    fc.record({ kind: fc.constant("plan" as const), plan: fc.constantFrom(null, "free", "pro"), addOn: fc.boolean() }),
    fc.record({ kind: fc.constant("trial" as const), days: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ kind: fc.constant("override" as const), isAllowed: fc.boolean() }),
    fc.record({ kind: fc.constant("use" as const), quantity: fc.integer({ min: 1, max: 60 }) }),
    fc.record({ kind: fc.constant("wait" as const), days: fc.integer({ min: 1, max: 8 }) }),
  ),
});

const refusedStates: { [reason: string]: string } = { override: "denied", limit_reached: "limit_reached", not_in_plan: "not_included" };
const values: { [feature: string]: number | true } = { sso: true, calls: 70, size: 7 };
let sent = 0;

async function take({ tenant, feature, do: act }: typeof step extends fc.Arbitrary<infer T> ? T : never): Promise<void> {
  const endsAt = s.clock.now + 5 * day;
  const change = (work: Parameters<typeof changeTenant>[3]) => changeTenant(s, tenant, somebody, work);
  if (act.kind === "wait") s.clock.now += act.days * day;
  else if (act.kind === "use")
    await recordUsage(s, [{ tenant, feature: "calls", action: "add", quantity: act.quantity, idempotencyKey: `k${++sent}` }]);
  else if (act.kind === "plan") {
    await change((f, c, stamp) => putTenant(f, tenant, { plan: act.plan, addOns: act.addOn ? ["extra"] : [] }, c, stamp));
  } else if (act.kind === "trial") {
    const form = { features: [{ feature, value: values[feature] }], endsAt: s.clock.now + act.days * day };
    await change((f, c, stamp) => grantTrial(f as TenantFacts, form, c, stamp));
  } else if (act.isAllowed) {
    await change((f, c, stamp) => setOverride(f as TenantFacts, { feature, effect: "allow", value: values[feature], endsAt }, c, stamp));
  } else await change((f, c, stamp) => setOverride(f as TenantFacts, { feature, effect: "deny", endsAt }, c, stamp));
}

describe.each(engines)("on %s", (engine) => {
  test("after any changes, the comparison and the matrix say of each feature what a check answers", async () => {
    s = await startServices(engine);
    await changeCatalogue(s, somebody, (_facts, stamp) => {
      const list = [
        feature("sso"),
        meteredFeature("calls", { unit: "calls" }),
        configFeature("size", { kind: "number", better: "higher" }),
      ];
      const plans = [
        plan("free", { calls: 50 }, { rank: 1 }),
        plan("pro", { sso: true, calls: 100, size: 5 }, { rank: 2 }),
        addOn("extra", { size: 9 }),
      ];
      return { ok: true, change: catalogueChange("catalogue.imported", { features: list, plans }, stamp, null) };
    });
    for (const key of tenants) {
      await changeTenant(s, key, somebody, (f, c, stamp) => putTenant(f, key, { name: key.toUpperCase(), plan: "free" }, c, stamp));
    }
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        for (const one of steps) await take(one);
        const answers = await Promise.all(tenants.map((key) => s.checks.preview(key, features)));
        const found = await compareTenants(s, tenants, 7);
        if (!("compared" in found)) throw new Error("not found");
        const matrix = await matrixPage(s, new URLSearchParams(features.map((key) => ["feature", key])));
        expect(matrix.rows.map(({ key }) => key)).toEqual(tenants);
        for (const [i, { body, decisions }] of answers.entries()) {
          for (const [at, key] of features.entries()) {
            const compared = found.compared.features.find((one) => one.feature.key === key)?.decisions[i];
            const decision = decisions[at];
            expect([key, compared]).toEqual([key, decision]);
            const { entitled, reason, source } = body.entitlements[key] ?? {};
            const state = entitled ? source : refusedStates[reason?.code ?? ""];
            expect([key, matrix.rows[i]?.cells[at]?.[0]]).toEqual([key, cellLetters[state as keyof typeof cellLetters]]);
          }
        }
        const order = { answer: 0, source: 1, none: 2 };
        const ranks = found.compared.features.map(({ difference }) => order[difference]);
        expect(ranks).toEqual([...ranks].sort());
      }),
      { numRuns: 25 },
    );
  });
});
