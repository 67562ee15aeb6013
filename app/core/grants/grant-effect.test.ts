import { describe, expect, test } from "vitest";
import { applyChange } from "~/core/decision/changes";
import type { TenantFacts } from "~/core/model";
import { day } from "~/core/time";
import { frozen, now, stamp, tenant, trial } from "~tests/facts";
import { endGrant, extendGrant } from "./grant-changes";
import { withGrantUnended, withoutGrant } from "./grant-lifetime";

const changed = (facts: TenantFacts, outcome: ReturnType<typeof endGrant>) => {
  if (!outcome.ok || !outcome.change) throw new Error("not changed");
  return { after: applyChange(facts, outcome.change, 2), touched: outcome.change.grants };
};

describe("a change of a grant can be thought away", () => {
  const before = frozen(tenant({ grants: [trial("sso", { id: "gr_old" }), trial("epics", { id: "gr_other" })] }));

  test("a new one: the facts without it", () => {
    const [grant] = before.grants;
    expect(withoutGrant(before, grant as never, undefined).grants.map((g) => g.id)).toEqual(["gr_other"]);
  });

  test("an extension: the old one goes on as it was", () => {
    const { after, touched } = changed(before, extendGrant(before, { grant: "gr_old", endsAt: now + 30 * day }, stamp()));
    const [old, fresh] = touched;
    const undone = withoutGrant(frozen(after), fresh as never, old);
    expect(undone.grants.find((g) => g.feature === "sso")).toEqual(before.grants[0]);
    expect(undone.grants).toHaveLength(2);
  });

  test("an end: it goes on as it was", () => {
    const { after, touched } = changed(before, endGrant(before, { grant: "gr_old" }, stamp()));
    expect(after.grants.map((g) => g.id)).toEqual(["gr_other"]);
    expect(withGrantUnended(frozen(after), touched[0] as never).grants).toContainEqual(before.grants[0]);
  });
});
