import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BulkAct, rightOfBulk } from "~/core/bulk/bulk-act";
import { grantTrial } from "~/core/grants/grant-changes";
import { type TenantFacts, tenantStatuses } from "~/core/model";
import { mayAct } from "~/core/permissions";
import { type GuardRails, noRails, type RailedKind } from "~/core/rails/guard-rails";
import { day } from "~/core/time";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { saveRails } from "~/server/rails/rails.server";
import { insertAdmin } from "~db/store/admins.server";
import { readTenantsByKey } from "~db/store/tenant-documents.server";
import { itemsOf, operator, queueBulk, seedBulkCatalogue, seedTenants } from "../support/bulk-world";
import { engines, startServices, type TestServices } from "../support/services";

const features = fc.subarray(["sso", "audit", "calls"]);
const acts: fc.Arbitrary<BulkAct> = fc.oneof(
  fc.record({
    act: fc.constant("grant_trial" as const),
    features: fc.subarray(["sso", "audit", "calls"], { minLength: 1 }).map((keys) => keys.map((feature) => ({ feature }))),
    days: fc.integer({ min: 1, max: 60 }),
  }),
  fc.record({
    act: fc.constant("grant_bundle" as const),
    plan: fc.constantFrom("free", "pro", "more"),
    days: fc.integer({ min: 1, max: 60 }),
  }),
  fc.record({ act: fc.constant("extend_trial" as const), features, days: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ act: fc.constant("end_trial" as const), features }),
  fc.record({ act: fc.constant("change_plan" as const), plan: fc.constantFrom("free", "pro", null) }),
  fc.record({ act: fc.constantFrom("add_add_on" as const, "remove_add_on" as const), addOn: fc.constant("more") }),
  fc.record({ act: fc.constantFrom("suspend" as const, "reinstate" as const) }),
);

const rules: fc.Arbitrary<GuardRails> = fc.record(
  {
    maxDays: fc.option(fc.integer({ min: 1, max: 60 })),
    maxExtensions: fc.option(fc.integer({ min: 0, max: 1 })),
    daysApart: fc.option(fc.integer({ min: 1, max: 30 })),
    maxLive: fc.option(fc.integer({ min: 1, max: 3 })),
    supportMayPass: fc.boolean(),
    supportMayNot: fc.subarray<RailedKind>(["grant", "extend", "end"]),
    why: fc.constant(null),
  },
  { noNullPrototype: true },
);
const requesters = fc.record({ role: fc.constantFrom("support" as const, "admin" as const), reason: fc.option(fc.constant("Agreed")) });

const aTenant = fc.record({
  plan: fc.constantFrom("free", "pro", null),
  addOns: fc.subarray(["more"]),
  status: fc.constantFrom(...tenantStatuses),
  trials: fc.array(
    fc.record({ feature: fc.constantFrom("sso", "audit"), from: fc.integer({ min: 0, max: 20 }), days: fc.integer({ min: 1, max: 10 }) }),
    {
      maxLength: 2,
    },
  ),
});

const requester = { kind: "admin", id: "adm_rae", name: "Rae" } as const;

describe.each(engines)("a bulk act on %s", (engine) => {
  let services: TestServices;
  beforeAll(async () => {
    services = await startServices(engine);
    await seedBulkCatalogue(services);
    const row = { id: requester.id, name: requester.name, email: "rae@example.com", role: "admin" as const, createdBy: "test" };
    const { db } = services;
    await db.transaction([], (tx) => insertAdmin(tx, db.tables, { ...row, createdAt: new Date(services.now()) }));
  });
  afterAll(() => services.stop());
  let runs = 0;

  test("does to each tenant what its preview said, within guard rails, if nothing changed in between, and touches no other", {
    timeout: 120_000,
  }, async () => {
    const { db } = services;
    const property = fc.asyncProperty(
      fc.array(aTenant, { minLength: 1, maxLength: 12 }),
      acts,
      fc.boolean(),
      rules,
      requesters,
      async (tenants, act, isNamed, rails, { role, reason }) => {
        const prefix = `r${++runs}x`;
        const key = (i: number) => `${prefix}${i}`;
        // All are granted while active, because archived ones can get nothing.
        await seedTenants(
          services,
          tenants.map(({ plan, addOns }, i) => [key(i), { plan, addOns, metadata: { run: prefix } }]),
        );
        for (const [i, { trials }] of tenants.entries()) {
          for (const { feature, from, days } of trials) {
            const startsAt = services.now() + from * day;
            const form = { features: [{ feature }], startsAt, endsAt: startsAt + days * day };
            // One that overlaps another is refused.
            await changeTenant(services, key(i), operator, (facts, catalogue, stamp) =>
              grantTrial(facts as TenantFacts, form, catalogue, stamp),
            );
          }
        }
        await seedTenants(
          services,
          tenants.map(({ status }, i) => [key(i), { status }]),
        );

        await saveRails(services, operator, rails);
        await db.transaction(
          [],
          async (tx) => void (await tx.update(db.tables.admins).set({ role: mayAct(role, rightOfBulk(act.act)) ? role : "admin" })),
        );
        const keys = [...tenants.map((_, i) => key(i)), `${prefix}none`];
        const filter = { metadata: { key: "run", value: prefix } };
        const selection = isNamed ? ({ kind: "keys", keys } as const) : ({ kind: "filter", filter } as const);
        const read = () => readTenantsByKey(db.read, db.tables, keys);
        const before = await read();
        const itemsAfter = async (isPreview: boolean) => {
          const job = await queueBulk(services, act, isNamed ? { kind: "keys", keys: [...keys] } : selection, {
            ...{ isPreview, reason, by: requester },
          });
          await services.jobs.runAll();
          return (await itemsOf(services, job)).map(({ subject, state, message }) => ({ subject, state, message }));
        };
        const previewed = await itemsAfter(true);
        expect(await read()).toEqual(before);
        const done = await itemsAfter(false);
        expect(done).toEqual(previewed);
        expect(done.map(({ subject }) => subject).sort()).toEqual((isNamed ? keys : keys.slice(0, -1)).sort());
        const after = await read();
        const changed = keys.filter((one) => before.get(one)?.revision !== after.get(one)?.revision);
        expect(changed.sort()).toEqual(done.flatMap(({ subject, state }) => (state === "done" ? [subject] : [])).sort());
      },
    );
    await fc.assert(property, { numRuns: 25 });
    await saveRails(services, operator, noRails);
  });
});
