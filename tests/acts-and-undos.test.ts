import { asc, gt } from "drizzle-orm";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import type { BulkAct, BulkSelection } from "~/core/bulk/bulk-act";
import { setPlanEntries } from "~/core/catalogue/catalogue-changes";
import { archiveFeature, restoreFeature, updateFeature } from "~/core/catalogue/feature-changes";
import { createPlan } from "~/core/catalogue/plan-changes";
import { putTenant, type TenantForm } from "~/core/decision/changes";
import { grantBundle } from "~/core/grants/bundles";
import { convertTrial } from "~/core/grants/convert-trial";
import { endGrant, extendGrant, grantTrial, setOverride } from "~/core/grants/grant-changes";
import { endOf, isOver } from "~/core/grants/grant-lifetime";
import { withPlanAfter } from "~/core/grants/plan-after";
import { cellLetters } from "~/core/matrix/matrix-cell";
import type { CatalogueFacts, Instant, TenantFacts } from "~/core/model";
import { cancelScheduled, scheduleChange } from "~/core/schedules/schedule-changes";
import { day, hour } from "~/core/time";
import { actToUndo } from "~/core/undo/undoable";
import { createBulk } from "~/server/bulk/bulk.server";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { compareTenants } from "~/server/comparison/compare.server";
import { matrixPage } from "~/server/matrix/matrix.server";
import { findAct, previewUndo, undoAct } from "~/server/undo/undo.server";
import { createUndoJob } from "~/server/undo/undo-job.server";
import { readCatalogueFacts, readTenantFacts } from "~db/store/facts.server";
import { type Api, ada, startApi } from "./support/api";
import { jobNow, operator } from "./support/bulk-world";
import { addOn, configFeature, feature, meteredFeature, plan } from "./support/facts";
import { oracle } from "./support/oracle";
import { engines } from "./support/services";

const tenants = ["acme", "bolt", "core"];
const features = ["calls", "size", "sso"];
const plans = ["free", "pro"];
const givenValue = (key: string, n: number) => (key === "sso" ? true : key === "size" ? n : 10 * n);
const of = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;

const step = fc.record({ what: fc.nat(17), a: fc.nat(50), b: fc.nat(50), wait: fc.constantFrom(1, hour, day, 4 * day) });
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What an answer says of a feature, apart from words and use. */
type ShownAnswer = { entitled: boolean; reason: string; source: string | null; expiresAt: string | null; limit: unknown; value: unknown };
type Body = { entitlements: { [feature: string]: Omit<ShownAnswer, "reason"> & { reason: { code: string } } } };

describe.each(engines)("on %s, after any grants, plan changes, schedules, bulk acts and undos", (engine) => {
  let api: Api;
  afterEach(() => api.stop());

  const factsOf = (key: string) => readTenantFacts(api.db.read, api.db.tables, key) as Promise<TenantFacts>;
  const catalogueNow = () => readCatalogueFacts(api.db.read, api.db.tables);
  const change = (key: string, decide: Parameters<typeof changeTenant>[3]) => changeTenant(api.services, key, ada, decide);
  const put = (key: string, form: TenantForm) => change(key, (facts, catalogue, stamp) => putTenant(facts, key, form, catalogue, stamp));

  /** By name, because a list leaves archived features out. */
  async function shownIn(key: string, query = ""): Promise<{ [feature: string]: ShownAnswer }> {
    const answers = features.map(async (name): Promise<[string, ShownAnswer]> => {
      const response = await api.get(`/api/entitlements?tenant=${key}&feature=${name}${query}`);
      const { entitlements } = (await response.json()) as Body;
      const { entitled, reason, source, expiresAt, limit, value } = entitlements[name] as Body["entitlements"][string];
      return [name, { entitled, reason: reason.code, source, expiresAt, limit, value }];
    });
    return Object.fromEntries(await Promise.all(answers));
  }

  const auditAfter = (seq: number) => {
    const { audit } = api.db.tables;
    return api.db.read.select().from(audit).where(gt(audit.seq, seq)).orderBy(asc(audit.seq));
  };

  async function bulk(act: BulkAct, n: number): Promise<void> {
    const named: BulkSelection = { kind: "keys", keys: n % 2 === 0 ? tenants : tenants.slice(0, 2) };
    const selection: BulkSelection = n % 5 === 0 ? { kind: "filter", filter: { plan: of(plans, n) } } : named;
    // Refused if a feature or plan is archived.
    await createBulk(api.services, operator, { act, selection, note: null, isPreview: false });
    await api.services.jobs.runAll();
  }

  /** As a transaction, or as the job that large acts have. Undoes what can be undone. */
  async function undo(seq: number, asJob: boolean): Promise<void> {
    const found = await findAct(api.services, seq);
    if (!found?.ok) return;
    if (!asJob) return void (await undoAct(api.services, ada, found, { partial: true }));
    const created = await createUndoJob(api.services, operator, found, { isPreview: false, partial: true, zone: "UTC" });
    if (!created.ok) throw new Error(created.message);
    await api.services.jobs.runAll();
    expect(await jobNow(api.services, created.job)).toMatchObject({ state: "done", failed: 0 });
  }

  async function act({ what, a, b }: Step, first: number): Promise<void> {
    const { services, clock } = api;
    const [key, name] = [of(tenants, a), of(features, b)];
    const grant = ({ grants }: TenantFacts) => grants[a % Math.max(1, grants.length)]?.id ?? "none";
    const acts: (() => Promise<unknown>)[] = [
      () =>
        change(key, (f, c, st) =>
          grantTrial(
            f as TenantFacts,
            { features: [{ feature: name, value: givenValue(name, b) }], endsAt: st.now + (1 + b) * day },
            c,
            st,
          ),
        ),
      () =>
        change(key, (f, c, st) => {
          const endsAt = b % 3 === 0 ? null : st.now + (1 + a) * day;
          const effect = of(["deny", "allow"] as const, a);
          return setOverride(f as TenantFacts, { feature: name, effect, value: givenValue(name, b), endsAt }, c, st);
        }),
      () => change(key, (f, _c, st) => extendGrant(f as TenantFacts, { grant: grant(f as TenantFacts), days: 1 + b }, st)),
      () => change(key, (f, _c, st) => endGrant(f as TenantFacts, { grant: grant(f as TenantFacts) }, st)),
      () => put(key, { plan: of([null, ...plans], b), addOns: of([[], ["boost"]], a) }),
      () => put(key, { status: of(["active", "suspended", "archived", "active"] as const, b), metadata: { seats: a } }),
      () =>
        change(key, (f, c, st) =>
          scheduleChange(
            f as TenantFacts,
            {
              at: st.now + (1 + (a % 4)) * day,
              ...(b % 2 === 0 ? { plan: of(plans, b) } : { status: of(["active", "suspended"] as const, a) }),
            },
            c,
            st,
          ),
        ),
      () => bulk({ act: "grant_trial", features: [{ feature: "sso" }], days: 1 + (b % 9) }, a),
      () => bulk({ act: "grant_bundle", plan: of([...plans, "boost"], b), days: 1 + (b % 9) }, a),
      () => bulk(of([{ act: "extend_trial", features: [], days: 1 + b } as const, { act: "end_trial", features: [] } as const], b), a),
      () => bulk({ act: "change_plan", plan: of([null, ...plans], b) }, a),
      () => bulk({ act: of(["suspend", "reinstate"] as const, b) }, a),
      () =>
        changeCatalogue(services, ada, (f, st) =>
          setPlanEntries(f, [{ plan: of(plans, a), feature: name, value: givenValue(name, b) }], st),
        ),
      () =>
        changeCatalogue(services, ada, (f, st) => {
          if (b % 4 === 0) return createPlan(f, `p${a % 3}`, { kind: "base" }, st);
          if (b % 4 === 1) return updateFeature(f, name, { name: `F${a}`, group: "g" }, st);
          return b % 4 === 2 ? archiveFeature(f, name, st) : restoreFeature(f, name, st);
        }),
      () =>
        change(key, (f, c, st) => {
          // Without a plan, the lowest that gives the feature is chosen.
          const form = { grant: grant(f as TenantFacts), ...(b % 3 === 0 ? { plan: of(plans, b) } : {}) };
          return convertTrial(f as TenantFacts, form, c, st);
        }),
      () =>
        change(key, (f, c, st) =>
          grantBundle(f as TenantFacts, { plan: of([...plans, "boost"], b), endsAt: st.now + (1 + a) * day }, c, st),
        ),
      () =>
        change(key, (f, c, st) => {
          const facts = f as TenantFacts;
          const endsAt = st.now + (1 + (a % 6)) * day;
          const wanted = [...new Set([name, of(features, a)])].map((one) => ({ feature: one, value: givenValue(one, b) }));
          const granted =
            b % 2 === 0 ? grantBundle(facts, { plan: "pro", endsAt }, c, st) : grantTrial(facts, { features: wanted, endsAt }, c, st);
          return withPlanAfter(granted, facts, of(plans, a), c, st);
        }),
      async () => {
        const rows = (await auditAfter(first)).filter(({ action }) => actToUndo(action) !== null);
        if (rows.length > 0) await undo(of(rows, b).seq, a % 2 === 0);
      },
    ];
    await (acts[what] as () => Promise<unknown>)();
    clock.now += 1;
  }

  /** What follows trials takes effect at the latest end of those that are in force, and none is left without one. */
  function expectFollowing({ key, scheduled = [], grants }: TenantFacts): void {
    const { now } = api.clock;
    for (const { follows, at, problem } of scheduled) {
      if (!follows || problem || at <= now) continue;
      const ends = grants.flatMap((g) =>
        g.kind === "trial" && !isOver(g, now) && follows.includes(g.bundle?.id ?? g.id) ? [endOf(g) as Instant] : [],
      );
      expect([key, Math.max(...ends)]).toEqual([key, at]);
    }
  }

  /** API, OFREP, two pages and the oracle, at this instant. */
  async function agree(): Promise<{ [tenant: string]: { [feature: string]: ShownAnswer } }> {
    const facts = await catalogueNow();
    const found = await compareTenants(api.services, tenants, 7);
    if (!("compared" in found)) throw new Error("A tenant is gone.");
    const matrix = await matrixPage(api.services, new URLSearchParams(features.map((key) => ["feature", key])));
    const answers: { [tenant: string]: { [feature: string]: ShownAnswer } } = {};
    for (const [i, key] of tenants.entries()) {
      const ofApi = await shownIn(key);
      answers[key] = ofApi;
      expectFollowing(await factsOf(key));
      const response = await api.send("POST", "/ofrep/v1/evaluate/flags", { context: { targetingKey: key } }, api.keys.check);
      const { flags } = (await response.json()) as { flags: { key: string; value?: unknown }[] };
      const tenant = await factsOf(key);
      for (const name of features) {
        const answer = ofApi[name] as ShownAnswer;
        const world = { facts, tenant, asked: name, now: api.clock.now, usage: { used: 0 }, requested: undefined, flag: undefined };
        const verdict = oracle(world);
        const expected: ShownAnswer = {
          ...{ entitled: verdict.entitled, reason: verdict.reason, source: verdict.source },
          expiresAt: verdict.expiresAt === null ? null : new Date(verdict.expiresAt).toISOString(),
          limit: verdict.amount?.limit,
          value: verdict.value,
        };
        expect([key, name, answer]).toEqual([key, name, expected]);
        const flag = flags.find((one) => one.key === name);
        const asFlag = name === "sso" ? expected.entitled : name === "calls" ? (expected.entitled ? expected.limit : 0) : expected.value;
        if (expected.reason !== "feature_archived") expect([key, name, flag?.value]).toEqual([key, name, asFlag]);
        const compared = found.compared.features.find((one) => one.feature.key === name)?.decisions[i];
        // The comparison shows what a tenant that is not active would have.
        if (compared && !expected.reason.startsWith("tenant_"))
          expect([key, name, compared.entitled, compared.reason]).toEqual([key, name, expected.entitled, expected.reason]);
        const cell = matrix.rows[i]?.cells[matrix.columns.findIndex((column) => column.key === name)]?.[0];
        if (expected.entitled && cell)
          expect([key, name, cell]).toEqual([key, name, cellLetters[expected.source as keyof typeof cellLetters]]);
      }
    }
    return answers;
  }

  /** Undoes every act after an entry, the newest first, and takes back by hand what schedules did, which have no undo. */
  async function undoAll(first: number): Promise<void> {
    const rows = (await auditAfter(first)).reverse();
    const done = new Set<string>();
    for (const [i, row] of rows.entries()) {
      const act = row.changeSet ?? `entry ${row.seq}`;
      if (row.action === "tenant.scheduled_change_applied") {
        const { plan, status } = row.before as TenantForm;
        await put(row.subject, { ...(plan === undefined ? {} : { plan }), ...(status === undefined ? {} : { status }) });
      } else if (actToUndo(row.action) !== null && !done.has(act)) {
        done.add(act);
        const found = await findAct(api.services, row.seq);
        if (!found?.ok) throw new Error(found?.message);
        const preview = await previewUndo(api.services, ada, found, "UTC");
        expect([row.action, preview]).toMatchObject([row.action, { ok: true, refused: 0, blocked: null }]);
        await undo(row.seq, i % 2 === 0);
      }
      api.clock.now += 1;
    }
  }

  const shown = ({ revision: _, scheduled: _s, ...facts }: TenantFacts, now: Instant) => ({
    ...facts,
    grants: facts.grants
      .filter((g) => !isOver(g, now))
      .map(({ id, restores, extends: _e, createdAt: _c, createdBy: _b, startsAt, ...g }) => ({
        ...g,
        id: restores ?? id,
        startsAt: Math.max(startsAt, now),
      }))
      .sort((x, y) => (x.id < y.id ? -1 : 1)),
  });
  const bare = (facts: CatalogueFacts) => [facts.features, facts.plans].map((list) => list.map((one) => ({ ...one, revision: 0 })));

  test("pages, API, OFREP and the oracle agree, `at` answers as it did then, and undoing all backwards gives the first state", async () => {
    api = await startApi(engine, { variables: { LATCHKEY_RATE_LIMIT: "0" } });
    await api.catalogue(
      [feature("sso"), meteredFeature("calls", { resetPeriod: "never" }), configFeature("size", { kind: "number", better: "higher" })],
      [plan("free", { calls: 10 }), plan("pro", { sso: true, calls: 100, size: 5 }, { rank: 20 }), addOn("boost", { calls: 50, size: 9 })],
    );
    for (const key of tenants) await put(key, { name: key.toUpperCase(), plan: "free" });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), async (steps) => {
        const first = (await auditAfter(0)).at(-1)?.seq ?? 0;
        const before = { catalogue: await catalogueNow(), tenants: await Promise.all(tenants.map(factsOf)) };
        const seen: { at: Instant; answers: Awaited<ReturnType<typeof agree>> }[] = [];
        for (const one of steps) {
          await act(one, first);
          seen.push({ at: api.clock.now, answers: await agree() });
          api.clock.now += one.wait;
          seen.push({ at: api.clock.now, answers: await agree() });
          api.clock.now += 1;
        }
        // What is due is written first, so that only what is to come is left to cancel.
        await api.services.schedules.sweep();
        for (const key of tenants) {
          for (const { id } of (await factsOf(key)).scheduled ?? [])
            await change(key, (f, _c, st) => cancelScheduled(f as TenantFacts, { id }, st));
        }
        await undoAll(first);
        for (const { at, answers } of seen) {
          const then = `&at=${new Date(at).toISOString()}`;
          for (const key of tenants) expect([key, at, await shownIn(key, then)]).toEqual([key, at, answers[key]]);
        }
        await agree();
        const now = api.clock.now;
        const after = { catalogue: await catalogueNow(), tenants: await Promise.all(tenants.map(factsOf)) };
        expect(after.tenants.map((facts) => shown(facts, now))).toEqual(before.tenants.map((facts) => shown(facts, now)));
        expect(bare(after.catalogue)).toEqual(bare(before.catalogue));
      }),
      { numRuns: 12 },
    );
  }, 240_000);
});
