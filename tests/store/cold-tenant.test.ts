import { expect, test } from "vitest";
import { catalogueChange } from "~/core/catalogue/catalogue-changes";
import { putTenant } from "~/core/decision/changes";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { ada, meteredFeature, plan } from "../support/facts";
import { recordStatements } from "../support/recorded-statements";
import { engines, startServices } from "../support/services";

const recorded = recordStatements();
const periods = ["hour", "day", "month", "year", "never"] as const;

/** The statements of the first check of a tenant, with as many metered features. */
async function statementsOfFirstCheck(engine: (typeof engines)[number], count: number) {
  const s = await startServices(engine);
  const features = Array.from({ length: count }, (_, i) =>
    meteredFeature(`f${i}`, { resetPeriod: periods[i % periods.length] ?? "month" }),
  );
  const limits = Object.fromEntries(features.map(({ key }) => [key, 100]));
  await changeCatalogue(s, ada, (_facts, stamp) => ({
    ok: true,
    change: catalogueChange("catalogue.imported", { features, plans: [plan("team", limits)] }, stamp, null),
  }));
  await changeTenant(s, "acme", ada, (facts, catalogue, stamp) => putTenant(facts, "acme", { plan: "team" }, catalogue, stamp));
  recorded.take();
  recorded.during("a check");
  const answer = await s.checks.preview("acme", ["f0"]);
  recorded.during(null);
  expect(answer.body.entitlements.f0).toMatchObject({ entitled: true, limit: 100, used: 0 });
  await s.stop();
  return recorded.take().map(({ sql }) => sql);
}

test.each(engines)("the first check of a tenant asks %s no more where there are 500 metered features", async (engine) => {
  const few = await statementsOfFirstCheck(engine, periods.length);
  expect(few.some((sql) => sql.includes("usage_totals"))).toBe(true);
  expect(await statementsOfFirstCheck(engine, 500)).toEqual(few);
});
