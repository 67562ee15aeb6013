import fc from "fast-check";
import { expect, test } from "vitest";
import { compileCatalogue } from "~/core/catalogue/catalogue";
import { world } from "~tests/worlds";
import { answer } from "./answer";
import { answerText, serialize } from "./answer-json";

const several = fc.array(world, { minLength: 2, maxLength: 5 });

test("what is sent is byte for byte the answer that is made anew, whatever tenants were answered before from the same catalogue", () => {
  fc.assert(
    fc.property(several, fc.boolean(), (worlds, isStale) => {
      const [{ facts, usage, flag }] = worlds as [(typeof worlds)[0]];
      const catalogue = compileCatalogue(facts);
      for (const { tenant, now, requested, asked } of [...worlds, ...worlds]) {
        for (const features of [null, [...new Set(["f", "g", asked])]]) {
          const readings = { usage: () => usage, flag: () => flag };
          const question = { key: 'a"cme', tenant, catalogue, features, now, requested };
          const made = answer(question, readings, isStale);
          const sent = answerText(question, readings, isStale);
          expect(sent.text).toBe(JSON.stringify(made.body));
          expect(sent.validUntil).toBe(made.validUntil);
          expect(sent.decisions).toEqual(made.decisions);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test("tenants with the same status, plan and add-ons share what only those have a say in, and nothing else", () => {
  const shared = { plain: 0, own: 0 };
  fc.assert(
    fc.property(world, (w) => {
      const catalogue = compileCatalogue(w.facts);
      const feature = catalogue.features.get(w.asked);
      if (!w.tenant || !feature) return;
      const ask = (key: string) =>
        serialize(
          { ...w, key, tenant: w.tenant && { ...w.tenant, key }, catalogue, features: [w.asked] },
          { usage: () => w.usage, flag: () => w.flag },
        )[0];
      const isShared = ask("a") === ask("b");
      const isFlagRead = feature.flag !== null && w.flag !== undefined;
      expect(isShared).toBe(feature.type !== "metered" && !isFlagRead && !w.tenant.grants.some((g) => g.feature === w.asked));
      shared[isShared ? "plain" : "own"] += 1;
    }),
    { numRuns: 1_500 },
  );
  expect(Math.min(shared.plain, shared.own)).toBeGreaterThan(50);
});
