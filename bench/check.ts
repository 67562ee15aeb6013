import { and, eq } from "drizzle-orm";
import { setPlanEntries } from "~/core/catalogue/catalogue-changes";
import { createFeature } from "~/core/catalogue/feature-changes";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import type { Services } from "~/server/services.server";
import { recordUsage } from "~/server/usage/usage.server";
import { benchKey, copyOf, operator, withServices } from "./database";
import { asMuchAsItCan, connections, overBare, type Run, startBare, summaryOf } from "./load";
import { startServer, stop } from "./process";
import { ask, everyFeature, oneFeature, requestOf } from "./questions";
import { tenantsDatabase, tenantsMade } from "./tenants-database";

const pairs = 9;
const seconds = 2;
const asked = 1_000;
const metered = "api_calls";

/**
 * Throughput of one process over keep-alive connections, relative to plain node:http that sends the same bytes, in
 * alternating runs.
 */
export async function benchCheck() {
  const file = copyOf(await tenantsDatabase(), "check");
  const { key, tenants } = await withServices(file, prepare);
  const other = copyOf(file, "check-counted");
  const plain = await startServer(file);
  // The limit is never reached, but counted and sent with each answer; every hundredth check is logged.
  const counting = await startServer(other, { LATCHKEY_CHECK_RATE_LIMIT: "10000000", LOG_LEVEL: "info" });

  const [first = ""] = tenants;
  const requests = (question: (tenant: string) => string, list: string[]) => list.map((tenant) => requestOf(question(tenant), key));
  const usage = (tenant: string) => oneFeature(tenant, metered);

  const bares = await Promise.all([
    ask(plain.port, oneFeature(first), key).then(startBare),
    ask(counting.port, usage(first), key).then(startBare),
    ask(plain.port, everyFeature(first), key).then(startBare),
  ]);
  const [bare, bareCounting, bareEvery] = bares.map((b) => ({ ...b, requests: requests(oneFeature, [first]) }));
  if (!bare || !bareCounting || !bareEvery) throw new Error("a bare server is missing");
  const targets = {
    bare,
    oneQuestion: { ...plain, requests: requests(oneFeature, [first]) },
    thousandTenants: { ...plain, requests: requests(oneFeature, tenants) },
    bareCounting,
    withUsageAndLimits: { ...counting, requests: requests(usage, [first]) },
    bareEvery,
    everyFeature: { ...plain, requests: requests(everyFeature, [first]) },
  };

  try {
    const runs = Object.fromEntries(Object.keys(targets).map((name) => [name, [] as Run[]])) as Record<keyof typeof targets, Run[]>;
    for (const target of Object.values(targets)) await asMuchAsItCan(target, { seconds: 1 }); // Warms up the compiler.
    for (let pair = 1; pair <= pairs; pair++)
      for (const [name, target] of Object.entries(targets))
        runs[name as keyof typeof targets].push(await asMuchAsItCan(target, { seconds }));
    return {
      tenants: tenantsMade,
      connections,
      pairs,
      secondsEach: seconds,
      bareNodeHttp: summaryOf(runs.bare),
      oneQuestion: { ...overBare(runs.oneQuestion, runs.bare), expectedRatio: 0.8 },
      questionsOfAThousandTenants: overBare(runs.thousandTenants, runs.bare),
      withUsageCountingLoggingAndLimits: { ...overBare(runs.withUsageAndLimits, runs.bareCounting), expectedRatio: 0.7 },
      everyFeature: { ...overBare(runs.everyFeature, runs.bareEvery), expectedRatio: 0.6 },
    };
  } finally {
    await Promise.all([plain, counting, ...bares].map(({ child }) => stop(child)));
  }
}

/** A key, a metered feature with an allowance in premium, and tenants on premium with some usage. */
async function prepare(services: Services) {
  const key = await benchKey(services);
  const meter = { resetPeriod: "month" as const, soft: false, unit: "calls" };
  const made = await changeCatalogue(services, operator, (facts, stamp) =>
    createFeature(facts, metered, { name: "API calls", type: "metered", meter }, stamp),
  );
  const given = await changeCatalogue(services, operator, (facts, stamp) =>
    setPlanEntries(facts, [{ plan: "premium", feature: metered, value: 100_000 }], stamp),
  );
  if (!made.ok || !given.ok) throw new Error("the metered feature could not be made");
  const { tenants: t } = services.db.tables;
  const rows = await services.db.read
    .select({ key: t.key })
    .from(t)
    .where(and(eq(t.plan, "premium"), eq(t.status, "active")))
    .limit(asked);
  const tenants = rows.map((row) => row.key);
  const used = { feature: metered, action: "add" as const, quantity: 100 };
  await recordUsage(
    services,
    tenants.map((tenant) => ({ tenant, idempotencyKey: tenant, ...used })),
  );
  return { key, tenants };
}
