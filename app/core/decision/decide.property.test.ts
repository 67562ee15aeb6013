import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileCatalogue } from "~/core/catalogue/catalogue";
import { effective } from "~/core/schedules/effective";
import { day } from "~/core/time";
import { oracle, type Verdict } from "~tests/oracle";
import { type World, world } from "~tests/worlds";
import { answer } from "./answer";
import { type Decision, decide, reasonCodes } from "./decide";

/** The program's decision in the oracle's format. */
function told(d: Decision): Verdict {
  const sources = d.sources.map((s) => {
    const gives = s.value === undefined ? "nothing" : JSON.stringify(s.value);
    const wins = s.wins ? " *" : "";
    if (s.source === "flag") return `flag ${s.state} gives ${gives}${s.isStale ? " stale" : ""}${wins}`;
    if ("plan" in s) return `${s.source} ${s.plan} from ${s.from} gives ${gives}${wins}`;
    return `${s.source} ${s.grant} gives ${gives} until ${s.expiresAt}${wins}`;
  });
  return { ...d, sources: sources.sort() };
}

const ask = (w: World, now = w.now) => decide({ ...w, catalogue: compileCatalogue(w.facts), feature: w.asked, now });
const bytes = (w: World, now = w.now) =>
  JSON.stringify(
    answer(
      { key: "acme", tenant: w.tenant, catalogue: compileCatalogue(w.facts), features: ["f", "g", w.asked], now, requested: w.requested },
      { usage: () => w.usage, flag: () => w.flag },
      false,
    ).body,
  );
const runs = { numRuns: 4_000 };

describe("over random worlds", () => {
  test("the decision is the oracle's", () => {
    fc.assert(
      fc.property(world, (w) => {
        expect(told(ask(w))).toEqual(oracle(w));
      }),
      runs,
    );
  });

  test("nothing changes from now until validUntil, and validUntil is still to come", () => {
    fc.assert(
      fc.property(world, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 4 }), (w, fractions) => {
        const first = ask(w);
        const end = first.validUntil ?? w.now + 4_000 * day;
        expect(end).toBeGreaterThan(w.now);
        for (const fraction of [...fractions, 1]) {
          const later = Math.min(end - 1, Math.floor(w.now + (end - w.now) * fraction));
          expect(ask(w, later)).toEqual(first);
        }
      }),
      runs,
    );
  });

  test("equal state gives equal bytes, also after a journey through JSON and at any instant before validUntil", () => {
    fc.assert(
      fc.property(world, fc.double({ min: 0, max: 1, noNaN: true }), (w, fraction) => {
        const now = bytes(w);
        const { now: _, requested, ...rest } = w;
        expect(bytes({ ...JSON.parse(JSON.stringify(rest)), now: w.now, requested })).toBe(now);
        const validUntil = JSON.parse(now).validUntil;
        const end = validUntil === null ? w.now + 4_000 * day : Date.parse(validUntil);
        expect(bytes(w, Math.min(end - 1, Math.floor(w.now + (end - w.now) * fraction)))).toBe(now);
      }),
      runs,
    );
  });

  test("where a limit is reached, exactly the plans in availableIn would turn the no into a yes", () => {
    fc.assert(
      fc.property(world, (w) => {
        const no = ask(w);
        const tenant = w.tenant && effective(w.tenant, compileCatalogue(w.facts), w.now);
        fc.pre(no.reason === "limit_reached" && tenant !== null);
        const held = [tenant?.plan, ...(tenant?.addOns.map((a) => a.plan) ?? [])];
        for (const { key, kind, archivedAt } of w.facts.plans) {
          if (!tenant || held.includes(key) || archivedAt !== null) continue;
          const addOns = [...tenant.addOns, { plan: key, addedAt: w.now }];
          const moved = ask({ ...w, tenant: { ...tenant, ...(kind === "base" ? { plan: key } : { addOns }) } });
          expect([key, moved.entitled]).toEqual([key, no.availableIn.includes(key)]);
        }
      }),
      { numRuns: 500, maxSkipsPerRun: 1_000 },
    );
  });

  test("every reason comes up, as a yes and a no where it can be both", () => {
    const seen = new Set<string>();
    for (const w of fc.sample(world, { seed: 20_261_120, numRuns: 4_000 })) seen.add(`${ask(w).reason} ${ask(w).entitled}`);
    const yes = ["plan", "add_on", "trial", "flag_on"];
    const expected = reasonCodes.flatMap((code) =>
      code === "override" ? ["override true", "override false"] : `${code} ${yes.includes(code)}`,
    );
    expect([...seen].sort()).toEqual(expected.sort());
  });
});
