import { describe, expect, test } from "vitest";
import { applyChange, type TenantChange } from "~/core/decision/changes";
import { decide } from "~/core/decision/decide";
import type { Grant, Instant, TenantFacts } from "~/core/model";
import type { Outcome } from "~/core/outcome";
import { day, hour } from "~/core/time";
import { catalogue, denial, feature, frozen, made, meteredFeature, now, override, stamp, tenant, trial } from "~tests/facts";
import { endGrant, extendGrant } from "./grant-changes";

const shop = catalogue([feature("sso"), feature("search"), meteredFeature("api_calls")]);
const until = now + 14 * day;

const acme = (...grants: Grant[]) => frozen(tenant({ grants }));
const extend = (facts: TenantFacts, grant: string, endsAt: Instant, at = now) => extendGrant(facts, { grant, endsAt }, stamp(at));
const end = (facts: TenantFacts, grant: string, at = now) => endGrant(facts, { grant }, stamp(at));
const applied = (facts: TenantFacts, outcome: Outcome<TenantChange>) => applyChange(facts, made(outcome), facts.revision + 1);
const ask = (facts: TenantFacts, at: Instant, key = "sso") => decide({ tenant: facts, catalogue: shop, feature: key, now: at });
const refusal = (code: string, field: string, message: RegExp) => ({ ok: false, code, field, message: expect.stringMatching(message) });

describe("extending", () => {
  const old = trial("api_calls", { id: "gr_old", value: 50, endsAt: now + day, note: "Pilot" });

  test("makes a new row linked to the old, which ends at once, with what the old one gave", () => {
    const change = made(extend(acme(old), "gr_old", now + 5 * day));
    expect(change).toMatchObject({ action: "trial.extended", why: null });
    expect(change.grants).toEqual([
      { ...old, endedAt: now },
      { ...old, id: "gr_1", startsAt: now, endsAt: now + 5 * day, extends: "gr_old", createdAt: now },
    ]);
  });

  test("takes over in the same millisecond: no decision between has a gap", () => {
    const before = acme(old);
    const facts = applied(before, extend(before, "gr_old", now + 5 * day));
    expect(facts.grants.map((g) => g.id)).toEqual(["gr_1"]);
    expect(ask(before, now - 1, "api_calls").sources).toMatchObject([{ grant: "gr_old" }]);
    for (const at of [now, now + 1, now + day - 1, now + day, now + 5 * day - 1]) {
      expect(ask(facts, at, "api_calls")).toMatchObject({ entitled: true, amount: { limit: 50 }, sources: [{ grant: "gr_1" }] });
    }
    expect(ask(facts, now + 5 * day, "api_calls").entitled).toBe(false);
    const asRows = tenant({ grants: made(extend(before, "gr_old", now + 5 * day)).grants });
    for (const at of [now - 1, now, now + 1]) expect(ask(asRows, at, "api_calls").sources).toHaveLength(1);
  });

  test("works on the last millisecond, and no longer at the end", () => {
    expect(extend(acme(old), "gr_old", now + 5 * day, now + day - 1).ok).toBe(true);
    expect(extend(acme(old), "gr_old", now + 5 * day, now + day)).toEqual(refusal("grant_over", "grant", /is over.*Grant a new one/));
  });

  test("one that is still to come keeps its start", () => {
    const coming = acme(trial("sso", { id: "gr_old", startsAt: now + day, endsAt: now + 2 * day }));
    const facts = applied(coming, extend(coming, "gr_old", now + 3 * day));
    expect(facts.grants).toMatchObject([{ startsAt: now + day, endsAt: now + 3 * day, extends: "gr_old" }]);
    expect([now + day - 1, now + day, now + 3 * day - 1, now + 3 * day].map((at) => ask(facts, at).entitled)).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  test("is refused while the tenant is archived, not while it is suspended; ending is always possible", () => {
    const gone = { ...acme(old), status: "archived" as const };
    const no = { ok: false, code: "tenant_archived", message: expect.stringMatching(/Acme is archived\. Reinstate/) };
    expect(extend(gone, "gr_old", now + 5 * day)).toEqual(no);
    expect(extend({ ...gone, status: "suspended" }, "gr_old", now + 5 * day).ok).toBe(true);
    expect(end(gone, "gr_old").ok).toBe(true);
  });

  test("twice leaves a chain of links", () => {
    const once = applied(acme(old), extend(acme(old), "gr_old", now + 2 * day));
    expect(made(extendGrant(once, { grant: "gr_1", endsAt: now + 3 * day, note: "Again" }, stamp(now + hour))).grants).toMatchObject([
      { id: "gr_1", endedAt: now + hour },
      { extends: "gr_1", startsAt: now + hour, note: "Again" },
    ]);
  });

  test("keeps the effect of an override", () => {
    const facts = acme(denial("sso", { id: "gr_old", endsAt: now + day }));
    const change = made(extend(facts, "gr_old", now + 2 * day));
    expect(change.action).toBe("override.extended");
    expect(ask(applyChange(facts, change, 2), now + day)).toMatchObject({ entitled: false, reason: "override" });
  });

  test.each([
    ["1 ms earlier than it ends", now + day - 1, false],
    ["to where it ends", now + day, false],
    ["by 1 ms", now + day + 1, true],
  ])("%s: allowed %3$s", (_, endsAt, ok) => {
    const expected = ok ? { ok } : refusal("ends_before_start", "endsAt", /after 21 November 2026\. To shorten it, end it now/);
    expect(extend(acme(old), "gr_old", endsAt)).toMatchObject(expected);
  });

  test("what has no end is refused", () => {
    expect(extend(acme(override("sso", { id: "gr_old" })), "gr_old", until)).toEqual(refusal("grant_overlaps", "endsAt", /has no end/));
  });

  test.each([
    ["up to where the next one starts", now + 3 * day, true],
    ["1 ms into the next one", now + 3 * day + 1, false],
  ])("%s: allowed %3$s", (_, endsAt, ok) => {
    for (const make of [trial, override, denial]) {
      const facts = acme(
        make("sso", { id: "gr_old", endsAt: now + day }),
        make("sso", { id: "gr_next", startsAt: now + 3 * day, endsAt: now + 9 * day }),
      );
      expect(extend(facts, "gr_old", endsAt)).toMatchObject(ok ? { ok } : refusal("grant_overlaps", "endsAt", /From 23 November 2026/));
    }
  });
});

describe("ending", () => {
  test("counts from its own instant, and the grant leaves the facts", () => {
    const before = acme(trial("sso", { id: "gr_old" }), trial("search", { id: "gr_other" }));
    const change = made(endGrant(before, { grant: "gr_old", note: "Bought it" }, stamp()));
    expect(change).toMatchObject({ action: "trial.ended", why: "Bought it", grants: [{ id: "gr_old", endedAt: now, endsAt: until }] });
    const facts = applyChange(before, change, 2);
    expect(facts.grants.map((g) => g.id)).toEqual(["gr_other"]);
    const row = tenant({ grants: change.grants });
    expect([now - 1, now, now + 1].map((at) => ask(row, at).entitled)).toEqual([true, false, false]);
  });

  test("an override gives the word back to what is under it", () => {
    const before = acme(denial("sso", { id: "gr_old" }), trial("sso", { id: "gr_trial" }));
    expect(made(end(before, "gr_old")).action).toBe("override.ended");
    expect(ask(applied(before, end(before, "gr_old")), now).reason).toBe("trial");
  });

  test("one that is still to come calls it off for good", () => {
    const coming = acme(trial("sso", { id: "gr_old", startsAt: now + day, endsAt: now + 2 * day }));
    expect(applied(coming, end(coming, "gr_old")).grants).toEqual([]);
    expect(ask(tenant({ grants: made(end(coming, "gr_old")).grants }), now + day).entitled).toBe(false);
  });

  test.each([
    ["at its end", until, false],
    ["1 ms before its end", until - 1, true],
  ])("%s: allowed %3$s", (_, at, ok) => {
    expect(end(acme(trial("sso", { id: "gr_old" })), "gr_old", at)).toMatchObject(ok ? { ok } : { ok, code: "grant_over", field: "grant" });
  });

  test("twice, or what was never there, is refused", () => {
    const before = acme(trial("sso", { id: "gr_old" }));
    const facts = applied(before, end(before, "gr_old"));
    expect(end(facts, "gr_old")).toEqual(refusal("grant_over", "grant", /is over/));
    expect(extend(facts, "gr_old", until + day)).toMatchObject({ code: "grant_over" });
    expect(end(facts, "gr_nobody")).toMatchObject({ code: "grant_over" });
  });
});
