import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { catalogueChange } from "~/core/catalogue/catalogue-changes";
import { putTenant } from "~/core/decision/changes";
import { canBeLive, grantStateOf, grantStates, isLive, isOver } from "~/core/grants/grant-lifetime";
import type { Instant } from "~/core/model";
import { day } from "~/core/time";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { isInStateAt, isLiveAt, isNotOverAt } from "~db/store/grant-lifetime";
import { type GrantRow, grantOf } from "~db/store/grants.server";
import { ada, feature, now } from "../support/facts";
import { engines, startServices, type TestServices } from "../support/services";

/** Instants a millisecond apart and far apart, so that starts and ends often coincide. */
const bounds = [now, now + 1, now + 2, now + day];
type Bounds = { startsAt: Instant; endsAt: Instant | null; endedAt: Instant | null };

const every: Bounds[] = bounds.flatMap((startsAt) =>
  [null, ...bounds].flatMap((endsAt) => [null, ...bounds].map((endedAt) => ({ startsAt, endsAt, endedAt }))),
);
const instant = fc.integer({ min: now - 2 * day, max: now + 2 * day });
const random = fc.record({ startsAt: instant, endsAt: fc.option(instant), endedAt: fc.option(instant) });

const dateOf = (at: Instant | null) => (at === null ? null : new Date(at));
const rowOf = ({ startsAt, endsAt, endedAt }: Bounds, i: number): GrantRow => ({
  id: `gr_${i}`,
  tenant: "acme",
  feature: "sso",
  kind: "override",
  effect: "deny",
  value: null,
  startsAt: new Date(startsAt),
  endsAt: dateOf(endsAt),
  endedAt: dateOf(endedAt),
  endedBy: null,
  extends: null,
  restores: null,
  bundle: null,
  bundlePlan: null,
  note: null,
  createdAt: new Date(now),
  createdBy: ada.name,
});

describe.each(engines)("on %s", (engine) => {
  let s: TestServices;
  beforeAll(async () => {
    s = await startServices(engine);
    await changeCatalogue(s, ada, (_facts, stamp) => ({
      ok: true,
      change: catalogueChange("catalogue.imported", { features: [feature("sso")], plans: [] }, stamp, "start"),
    }));
    await changeTenant(s, "acme", ada, (facts, catalogue, stamp) => putTenant(facts, "acme", {}, catalogue, stamp));
  });
  afterAll(() => s.stop());

  test("a grant is live, upcoming or over in SQL exactly when it is in core, a millisecond around every bound", async () => {
    const rows = [...every, ...fc.sample(random, 60)].map(rowOf);
    const { grants } = s.db.tables;
    await s.db.transaction([], (tx) => Promise.resolve(tx.insert(grants).values(rows)));
    const instants = rows.flatMap(({ startsAt, endsAt, endedAt }) => [startsAt, endsAt, endedAt].flatMap((at) => at?.getTime() ?? []));
    const around = [...new Set(instants.flatMap((at) => [at - 1, at, at + 1]))];
    const all = rows.map(grantOf);
    const idsOf = async (condition: ReturnType<typeof isLiveAt>) =>
      (await s.db.read.select({ id: grants.id }).from(grants).where(condition)).map(({ id }) => id).sort();
    const idsIf = (is: (grant: (typeof all)[number]) => boolean) =>
      all
        .filter(is)
        .map(({ id }) => id)
        .sort();
    for (const at of around) {
      expect(await idsOf(isLiveAt(grants, at))).toEqual(idsIf((g) => isLive(g, at)));
      expect(await idsOf(isNotOverAt(grants, at))).toEqual(idsIf((g) => !isOver(g, at)));
      for (const state of grantStates)
        expect(await idsOf(isInStateAt(grants, state, at))).toEqual(idsIf((g) => grantStateOf(g, at) === state));
    }
    expect(around.length).toBeGreaterThan(100);
  });
});

test("a grant that can be live is live at its start, and one that cannot is never live", () => {
  for (const [i, bounds] of every.entries()) {
    const grant = grantOf(rowOf(bounds, i));
    expect(isLive(grant, grant.startsAt)).toBe(canBeLive(grant));
  }
});
