import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileCatalogue } from "~/core/catalogue/catalogue";
import { answer } from "~/core/decision/answer";
import { answerText } from "~/core/decision/answer-json";
import { applyChange } from "~/core/decision/changes";
import type { TenantFacts } from "~/core/model";
import { day } from "~/core/time";
import { type World, world } from "~tests/worlds";
import { dueChanges, effective, nextScheduled } from "./effective";
import { foldedChanges } from "./schedule-changes";

const runs = { numRuns: 1_000 };

/** The facts after everything due was written into rows. The revision stays, so that answers can be compared. */
function folded({ tenant, facts }: World, at: number): TenantFacts {
  const changes = foldedChanges(tenant as TenantFacts, compileCatalogue(facts), at);
  return changes.reduce((before, { change }) => applyChange(before, change, before.revision), tenant as TenantFacts);
}

const bodyAt = (w: World, tenant: TenantFacts, now: number, catalogue = compileCatalogue(w.facts)) => {
  const question = { key: "acme", tenant, catalogue, features: ["f", "g"], now, requested: w.requested };
  const readings = { usage: () => w.usage, flag: () => w.flag };
  return { object: answer(question, readings, false), text: answerText(question, readings, false) };
};

/** Every instant of the schedules, and a millisecond before and after. */
const boundaries = ({ tenant }: World) => (tenant?.scheduled ?? []).flatMap(({ at }) => [at - 1, at, at + 1]);
const scheduledWorld = world.filter(({ tenant }) => (tenant?.scheduled?.length ?? 0) > 0);

describe("over random schedules", () => {
  test("answers are equal before and after due changes are written into rows, at every boundary", () => {
    fc.assert(
      fc.property(scheduledWorld, (w) => {
        const catalogue = compileCatalogue(w.facts);
        for (const foldedAt of boundaries(w)) {
          const rows = folded(w, foldedAt);
          for (const at of [foldedAt, ...boundaries(w).filter((at) => at >= foldedAt)]) {
            const [before, after] = [bodyAt(w, w.tenant as TenantFacts, at, catalogue), bodyAt(w, rows, at, catalogue)];
            expect(after.text.text).toBe(before.text.text);
            expect(after.object.body).toEqual(before.object.body);
            expect(JSON.parse(before.text.text)).toEqual(JSON.parse(JSON.stringify(before.object.body)));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test("the facts in effect are those that folding leaves, apart from grants that are over", () => {
    fc.assert(
      fc.property(scheduledWorld, (w) => {
        const catalogue = compileCatalogue(w.facts);
        for (const at of boundaries(w)) {
          const { grants: _, ...inEffect } = effective(w.tenant as TenantFacts, catalogue, at);
          const { grants: __, ...written } = folded(w, at);
          expect(written).toEqual(inEffect);
          expect(dueChanges(written as TenantFacts, at)).toEqual([]);
        }
      }),
      runs,
    );
  });

  test("applying in two steps gives what applying at once gives", () => {
    fc.assert(
      fc.property(scheduledWorld, fc.nat(30 * day), (w, wait) => {
        const catalogue = compileCatalogue(w.facts);
        const tenant = w.tenant as TenantFacts;
        const twice = effective(effective(tenant, catalogue, w.now), catalogue, w.now + wait);
        expect(twice).toEqual(effective(tenant, catalogue, w.now + wait));
      }),
      runs,
    );
  });

  test("an answer is never valid past the next scheduled change, whichever features were requested", () => {
    fc.assert(
      fc.property(scheduledWorld, (w) => {
        const tenant = w.tenant as TenantFacts;
        const next = nextScheduled(tenant, w.now);
        const question = { key: "acme", tenant, catalogue: compileCatalogue(w.facts), features: [], now: w.now };
        expect(answer(question, {}, false).validUntil).toBe(next);
        const { validUntil } = bodyAt(w, tenant, w.now).object;
        if (next !== null) expect(validUntil).not.toBeNull();
        if (next !== null) expect(validUntil as number).toBeLessThanOrEqual(next);
      }),
      runs,
    );
  });
});
