import { describe, expect, test } from "vitest";
import { day } from "~/core/time";
import { addOn, catalogue, feature, flagTie, meteredFeature, now, plan } from "~tests/facts";
import { type FlagInfo, flagFindings, type StaleFlagInput } from "./stale-flags";

const linked = (rule: "grant" | "gate" | "both" = "grant") => ({ ...feature("sso"), flag: flagTie(rule) });
const flag = (more: Partial<FlagInfo> = {}): FlagInfo => ({
  id: 1,
  key: "the-flag",
  active: true,
  createdAt: now - 90 * day,
  updatedAt: now - 90 * day,
  filters: { groups: [] },
  ...more,
});
const unremarkable = { look: { is: "unknown" }, groupType: "organization", asked: 1, isOld: true, now } as const;
const everyone = { groups: [{ properties: [], rollout_percentage: 100 }] };
const codes = (more: Partial<StaleFlagInput>) =>
  flagFindings({
    feature: linked(),
    flag: flag(),
    catalogue: catalogue([linked()], [plan("free"), plan("pro", { sso: true })]),
    ...unremarkable,
    ...more,
  }).map((f) => f.code);

describe("flag hygiene", () => {
  test("finds nothing where all is well", () => expect(codes({})).toEqual([]));

  test("finds a flag that PostHog does not have, and says nothing of one that it could not ask about", () => {
    expect(codes({ flag: null })).toEqual(["missing"]);
    expect(codes({ flag: undefined })).toEqual([]);
  });

  test("finds what its definition says of the tie too", () => {
    const look = { is: "found", active: true, audience: "persons", filters: null } as const;
    expect(codes({ look })).toEqual(["persons"]);
  });

  test("finds a flag that is inactive, and says what that does by its rule", () => {
    const says = (rule: "grant" | "gate") =>
      flagFindings({ feature: linked(rule), flag: flag({ active: false }), catalogue: catalogue([]), ...unremarkable })[0]?.says;
    expect(says("grant")).toContain("adds nothing");
    expect(says("gate")).toContain("switches the feature off");
  });

  test("finds one that is for everyone only once 30 days have passed", () => {
    expect(codes({ flag: flag({ filters: everyone, updatedAt: now - 30 * day }) })).toEqual([]);
    expect(codes({ flag: flag({ filters: everyone, updatedAt: now - 30 * day - 1 }) })).toEqual(["everyone"]);
    expect(codes({ flag: flag({ filters: { groups: [{ properties: [{}], rollout_percentage: 100 }] }, updatedAt: 0 }) })).toEqual([]);
    expect(codes({ flag: flag({ filters: { groups: [{ properties: [], rollout_percentage: 99 }] }, updatedAt: 0 }) })).toEqual([]);
  });

  test("does not find an experiment of several variants that is under way for everyone", () => {
    const variants = (...shares: number[]) => ({ ...everyone, multivariate: { variants: shares.map((s) => ({ rollout_percentage: s })) } });
    expect(codes({ flag: flag({ filters: variants(50, 50), updatedAt: 0 }) })).toEqual([]);
    expect(codes({ flag: flag({ filters: variants(0, 100), updatedAt: 0 }) })).toEqual(["everyone"]);
  });

  test("finds a feature that nobody asked for, unless it was tied less than 30 days ago", () => {
    expect(codes({ asked: 0 })).toEqual(["never_asked"]);
    expect(codes({ asked: 0, isOld: false })).toEqual([]);
  });

  test("finds a grant that every plan makes needless; add-ons and archived plans do not count, and a gate is never needless", () => {
    const all = catalogue(
      [linked()],
      [plan("free", { sso: true }), plan("pro", {}, { includes: "free", rank: 20 }), addOn("x"), plan("old", {}, { archivedAt: now })],
    );
    expect(codes({ catalogue: all })).toEqual(["in_every_plan"]);
    expect(codes({ catalogue: all, feature: linked("gate") })).toEqual([]);
    const metered = { ...meteredFeature("sso"), flag: flagTie("grant") };
    expect(codes({ catalogue: all, feature: metered })).toEqual([]);
  });
});
