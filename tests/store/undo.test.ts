import { desc } from "drizzle-orm";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { compileCatalogue } from "~/core/catalogue/catalogue";
import { catalogueChange, setPlanEntries } from "~/core/catalogue/catalogue-changes";
import { archiveFeature, updateFeature } from "~/core/catalogue/feature-changes";
import { createPlan } from "~/core/catalogue/plan-changes";
import { putTenant, type TenantForm } from "~/core/decision/changes";
import { decide } from "~/core/decision/decide";
import { endGrant, extendGrant, grantTrial, setOverride } from "~/core/grants/grant-changes";
import type { CatalogueFacts, Instant, TenantFacts } from "~/core/model";
import { day, hour } from "~/core/time";
import { readCatalogueFile } from "~/forms/import/catalogue-file-text";
import { applyImport } from "~/server/catalogue/import.server";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { createKey } from "~/server/keys/api-keys.server";
import { findAct, previewUndo, type UndoOptions, undoAct } from "~/server/undo/undo.server";
import { readCatalogueFacts, readTenantFacts } from "~db/store/facts.server";
import { grantOf, grantsOfTenant } from "~db/store/grants.server";
import { ada, addOn, feature, meteredFeature, plan } from "../support/facts";
import { engines, startServices, type TestServices } from "../support/services";

const bea = { ...ada, id: "ad_2", name: "Bea" };
const features = ["sso", "calls"];

describe.each(engines)("undo on %s", (engine) => {
  let s: TestServices;
  beforeEach(async () => {
    s = await startServices(engine);
    await changeCatalogue(s, ada, (_facts, stamp) => ({
      ok: true,
      change: catalogueChange(
        "catalogue.imported",
        {
          features: [feature("sso"), meteredFeature("calls")],
          plans: [plan("free", { calls: 10 }), plan("pro", { sso: true, calls: 100 }, { rank: 20 }), addOn("boost", { calls: 50 })],
        },
        stamp,
        null,
      ),
    }));
    await put("acme", { name: "Acme", plan: "free", metadata: { region: "eu" } });
  });
  afterEach(() => s.stop());

  const put = (key: string, form: TenantForm, by = ada) =>
    changeTenant(s, key, by, (facts, catalogue, stamp) => putTenant(facts, key, form, catalogue, stamp));
  const trial = (names: string[], days = 14, by = ada) =>
    changeTenant(s, "acme", by, (facts, catalogue, stamp) =>
      grantTrial(
        facts as TenantFacts,
        { features: names.map((f) => ({ feature: f, value: f === "sso" ? true : 7 })), endsAt: stamp.now + days * day },
        catalogue,
        stamp,
      ),
    );
  const factsOf = (key = "acme", at?: Instant) => readTenantFacts(s.db.read, s.db.tables, key, at) as Promise<TenantFacts>;
  const newest = async () => (await s.db.read.select().from(s.db.tables.audit).orderBy(desc(s.db.tables.audit.seq)).limit(1))[0];
  const newestSeq = async () => (await newest())?.seq as number;
  const undo = async (seq: number, options: UndoOptions = {}, by = ada) => {
    const found = await findAct(s, seq);
    return found?.ok ? undoAct(s, by, found, options) : found;
  };
  const preview = async (seq: number) => {
    const found = await findAct(s, seq);
    if (!found?.ok) throw new Error("cannot be undone");
    const shown = await previewUndo(s, ada, found, "UTC");
    if (!shown.ok) throw new Error(shown.message);
    return shown;
  };

  test("a grant of several features ends as one act, whose entry says what it undoes", async () => {
    await trial(["sso", "calls"]);
    const seq = await newestSeq();
    s.clock.now += hour;
    expect(await undo(seq, { note: "Granted twice" }, bea)).toMatchObject({ ok: true, changed: 1, refused: 0 });
    expect((await factsOf()).grants).toEqual([]);
    const rows = (await grantsOfTenant(s.db.read, s.db.tables, "acme")).map(grantOf);
    expect(rows.map((g) => g.endedAt)).toEqual([s.clock.now, s.clock.now]);
    expect(await newest()).toMatchObject({ action: "undo.trial.granted", actorName: "Bea", why: `Undo of entry ${seq}: Granted twice` });
  });

  test("an undo is undone, and that too, each until the end that was promised", async () => {
    await trial(["sso"]);
    const end = (await factsOf()).grants[0]?.endsAt;
    await undo(await newestSeq());
    s.clock.now += day;
    await undo(await newestSeq());
    expect(await newest()).toMatchObject({ action: "redo.trial.granted" });
    expect((await factsOf()).grants).toMatchObject([{ feature: "sso", endsAt: end, startsAt: s.clock.now }]);
    await undo(await newestSeq());
    expect(await newest()).toMatchObject({ action: "undo.trial.granted" });
    expect((await factsOf()).grants).toEqual([]);
  });

  test("an ended trial comes back until its former end, and not after it", async () => {
    await trial(["sso"], 5);
    const end = s.clock.now + 5 * day;
    const [grant] = (await factsOf()).grants;
    await changeTenant(s, "acme", ada, (f, _c, stamp) => endGrant(f as TenantFacts, { grant: grant?.id as string }, stamp));
    const seq = await newestSeq();
    s.clock.now = end - 1;
    expect(await preview(seq)).toMatchObject({ changed: 1, refused: 0 });
    s.clock.now = end;
    expect(await preview(seq)).toMatchObject({ changed: 0, refused: 0 });
    expect(await undo(seq)).toMatchObject({ ok: false, code: "undo_refused", message: expect.stringMatching(/would be over by now/) });
    s.clock.now = end - 1;
    await undo(seq);
    expect((await factsOf()).grants).toMatchObject([{ endsAt: end, restores: grant?.id }]);
    // Rows and document say the same.
    const rows = (await grantsOfTenant(s.db.read, s.db.tables, "acme")).map(grantOf).filter((g) => g.endedAt === null);
    expect(rows).toEqual((await factsOf()).grants);
  });

  test("what was changed since stays, with by whom and when; nothing is done unless a part may stay", async () => {
    await put("acme", { plan: "pro", name: "Acme Ltd" });
    const seq = await newestSeq();
    s.clock.now += hour;
    await put("acme", { plan: null }, bea);
    expect(await undo(seq)).toMatchObject({ ok: false, code: "undo_refused" });
    expect(await factsOf()).toMatchObject({ plan: null, name: "Acme Ltd" });
    const { items } = await preview(seq);
    expect(items[0]?.problems).toEqual([
      {
        field: "plan",
        kind: "refused",
        isChanged: true,
        message: "The plan of Acme Ltd was changed since by Bea on 20 Nov, 11:00 UTC.",
      },
    ]);
    expect(await undo(seq, { partial: true })).toMatchObject({ ok: true, refused: 1, changed: 1 });
    expect(await factsOf()).toMatchObject({ plan: null, name: "Acme" });
  });

  test("a preview that no longer holds is refused, and nothing is written", async () => {
    await put("acme", { plan: "pro", name: "Acme Ltd" });
    const seq = await newestSeq();
    const { digest } = await preview(seq);
    s.clock.now += hour;
    expect((await preview(seq)).digest).toBe(digest);
    await put("acme", { plan: null }, bea);
    expect(await undo(seq, { partial: true, reviewed: digest })).toMatchObject({ ok: false, code: "stale" });
    expect(await factsOf()).toMatchObject({ plan: null, name: "Acme Ltd" });
  });

  test("an import of a catalogue and tenants is undone as one: plans go, and tenants go back before them", async () => {
    const before = await readCatalogueFacts(s.db.read, s.db.tables);
    const file = [
      "latchkey: 1",
      "features: { sso: { name: sso, type: boolean }, calls: { name: calls, type: metered, meter: { resetPeriod: month } } }",
      "plans:",
      "  free: { name: free, rank: 10, features: { calls: 20 } }",
      "  team: { name: Team, rank: 15, features: { sso: true } }",
      "tenants: { acme: { name: Acme, plan: team }, beta: { name: Beta, plan: team } }",
    ].join("\n");
    const read = readCatalogueFile("catalogue.yaml", file);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const imported = await applyImport(s, read, ada);
    expect(imported).toMatchObject({ ok: true, changed: true });
    const seq = await newestSeq();
    expect(await undo(seq)).toMatchObject({ ok: true, refused: 0, changed: 3 });
    const after = await readCatalogueFacts(s.db.read, s.db.tables);
    const without = ({ plans, features: f }: CatalogueFacts) => [plans, f].map((list) => list.map((one) => ({ ...one, revision: 0 })));
    expect(await factsOf()).toMatchObject({ plan: "free" });
    expect(await factsOf("beta")).toMatchObject({ status: "archived", plan: null });
    expect(without(after)).toEqual(without(before));
  });

  test("keys, people and settings are refused with their sentence, and an unknown entry is none", async () => {
    await createKey(s, ada, { name: "App", scopes: ["check"], expiresAt: null });
    expect(await undo(await newestSeq())).toMatchObject({ ok: false, code: "not_undoable", message: expect.stringMatching(/API keys/) });
    expect(await undo(999_999)).toBeNull();
    expect(await undo(Number.NaN)).toBeNull();
  });

  test("a created feature is archived again unless a plan or a grant has it", async () => {
    await changeCatalogue(s, ada, (_facts, stamp) => ({
      ok: true,
      change: catalogueChange("feature.created", { features: [feature("epics")] }, stamp, null),
    }));
    const seq = await newestSeq();
    const set = (value: true | null) =>
      changeCatalogue(s, ada, (facts, stamp) => setPlanEntries(facts, [{ plan: "pro", feature: "epics", value }], stamp));
    await set(true);
    expect(await undo(seq)).toMatchObject({ ok: false, code: "undo_refused", message: "pro has epics, so it stays." });
    await set(null);
    await changeTenant(s, "acme", ada, (f, c, stamp) => setOverride(f as TenantFacts, { feature: "epics", effect: "deny" }, c, stamp));
    expect(await undo(seq)).toMatchObject({ ok: false, message: "There are grants of epics, so it stays. End them first." });
  });

  test("after random acts and undos `at` answers as it did then, and undoing everything backwards gives the first state", async () => {
    const pick = fc.nat(60);
    const step = fc.record({ what: fc.nat(9), a: pick, b: pick, wait: fc.constantFrom(1, hour, 2 * day) });
    const of = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;
    const catalogueNow = () => readCatalogueFacts(s.db.read, s.db.tables);
    const answersOf = (tenant: TenantFacts, catalogue: CatalogueFacts, now: Instant) =>
      features.map((name) => {
        const { entitled, reason, limit } = decide({ tenant, catalogue: compileCatalogue(catalogue), feature: name, now }) as {
          [field: string]: unknown;
        };
        return { entitled, reason, limit };
      });
    const act = ({ what, a, b }: { what: number; a: number; b: number }, first: number) => {
      const name = of(features, a);
      const grantOfNow = (facts: TenantFacts) => facts.grants[a % Math.max(1, facts.grants.length)]?.id ?? "none";
      const change = (decideChange: Parameters<typeof changeTenant>[3]) => changeTenant(s, "acme", ada, decideChange);
      const acts = [
        () => trial([name], 1 + (b % 9)),
        () =>
          change((f, c, st) =>
            setOverride(
              f as TenantFacts,
              { feature: name, effect: of(["deny", "allow"] as const, b), value: name === "sso" ? true : b },
              c,
              st,
            ),
          ),
        () => change((f, _c, st) => endGrant(f as TenantFacts, { grant: grantOfNow(f as TenantFacts) }, st)),
        () => change((f, _c, st) => extendGrant(f as TenantFacts, { grant: grantOfNow(f as TenantFacts), days: 1 + b }, st)),
        () => put("acme", { plan: of([null, "free", "pro"], b), addOns: of([[], ["boost"]], a) }),
        () => put("acme", { status: of(["active", "suspended", "archived"] as const, b), metadata: { seats: a } }),
        () => changeCatalogue(s, ada, (f, st) => setPlanEntries(f, [{ plan: of(["free", "pro"], a), feature: "calls", value: b }], st)),
        () =>
          changeCatalogue(s, ada, (f, st) =>
            b % 2 === 0 ? archiveFeature(f, name, st) : updateFeature(f, name, { name: `F${b}`, group: "g" }, st),
          ),
        () => changeCatalogue(s, ada, (f, st) => createPlan(f, `p${b % 3}`, { kind: "base" }, st)),
        async () => {
          const seq = first + 1 + (b % Math.max(1, (await newestSeq()) - first));
          return undo(seq, { partial: true });
        },
      ];
      return (acts[what] as () => Promise<unknown>)();
    };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
        const first = await newestSeq();
        const [tenant0, catalogue0] = [await factsOf(), await catalogueNow()];
        const seen: { at: Instant; answers: unknown }[] = [];
        for (const one of steps) {
          await act(one, first);
          seen.push({ at: s.clock.now, answers: answersOf(await factsOf(), await catalogueNow(), s.clock.now) });
          s.clock.now += one.wait;
        }
        for (let seq = await newestSeq(); seq > first; seq--) {
          const { refused } = await preview(seq);
          expect([seq, refused]).toEqual([seq, 0]);
          await undo(seq);
          s.clock.now += 1;
        }
        for (const { at, answers } of seen) {
          const then = await readTenantFacts(s.db.read, s.db.tables, "acme", at);
          expect(answersOf(then as TenantFacts, await readCatalogueFacts(s.db.read, s.db.tables, at), at)).toEqual(answers);
        }
        const [tenant, catalogue] = [await factsOf(), await catalogueNow()];
        expect(answersOf(tenant, catalogue, s.clock.now)).toEqual(answersOf(tenant0, catalogue0, s.clock.now));
        const live = (facts: TenantFacts) => ({
          ...{ ...facts, revision: 0 },
          grants: facts.grants
            .filter((g) => g.endsAt === null || g.endsAt > s.clock.now)
            .map((g) => ({
              id: g.restores ?? g.id,
              kind: g.kind,
              feature: g.feature,
              endsAt: g.endsAt,
              value: "value" in g ? g.value : null,
            }))
            .sort((x, y) => (x.id < y.id ? -1 : 1)),
        });
        expect(live(tenant)).toEqual(live(tenant0));
        const bare = ({ plans, features: f }: CatalogueFacts) => [plans, f].map((list) => list.map((one) => ({ ...one, revision: 0 })));
        expect(bare(catalogue)).toEqual(bare(catalogue0));
      }),
      { numRuns: 12 },
    );
  }, 180_000);
});
