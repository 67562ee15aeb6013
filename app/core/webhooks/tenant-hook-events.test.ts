import { expect, test } from "vitest";
import { day } from "~/core/time";
import { now, override, tenant, trial } from "../../../tests/support/facts";
import { hookEventsBetween, mayProduceEvents } from "./tenant-hook-events";

const nameOf = (key: string) => `The ${key}`;
const by = { at: now, actor: { kind: "admin", id: "ad_1" } as const, nameOf };
const between = (before: Parameters<typeof hookEventsBetween>[0], after: ReturnType<typeof tenant>) =>
  hookEventsBetween(before, after, by).map(({ type, about }) => (about === "" ? type : `${type} ${about}`));

test("a new tenant is created, with the grants that it has from the start", () => {
  const after = tenant({ grants: [trial("sso", { id: "gr_1" })] });
  expect(between(null, after)).toEqual(["tenant.created", "grant.created gr_1"]);
});

test("a grant that replaces one is an extension, and not an end", () => {
  const before = tenant({ grants: [trial("sso", { id: "gr_1" })] });
  const after = tenant({ grants: [trial("sso", { id: "gr_2", extends: "gr_1", endsAt: now + 30 * day })] });
  expect(between(before, after)).toEqual(["grant.extended gr_2"]);
});

test("a grant that leaves the facts before its end was ended early; at its end, the clock reports it", () => {
  const ended = (endsAt: number) => between(tenant({ grants: [trial("sso", { id: "gr_1", startsAt: now - day, endsAt })] }), tenant());
  expect(ended(now + 1)).toEqual(["grant.ended gr_1"]);
  expect(ended(now)).toEqual([]);
});

test("an override that takes the place of another one ends it first", () => {
  const before = tenant({ grants: [override("sso", { id: "gr_1" })] });
  const after = tenant({ grants: [override("sso", { id: "gr_2" })] });
  expect(between(before, after)).toEqual(["grant.ended gr_1", "grant.created gr_2"]);
});

test("a change of plan, add-ons and status is one event each, with both sides", () => {
  const before = tenant({ plan: "starter" });
  const after = tenant({ plan: "premium", status: "suspended", addOns: ["phone"] });
  expect(hookEventsBetween(before, after, by).map(({ type, data }) => [type, data.before, data.after])).toEqual([
    ["tenant.status_changed", "active", "suspended"],
    ["tenant.plan_changed", { plan: "starter", addOns: [] }, { plan: "premium", addOns: ["phone"] }],
  ]);
});

test("a rename makes no event, and is known to make none", () => {
  const [before, after] = [tenant({ name: "A" }), tenant({ name: "B" })];
  expect([between(before, after), mayProduceEvents(before, after)]).toEqual([[], false]);
});

test("a grant is sent without its note", () => {
  const [event] = hookEventsBetween(tenant(), tenant({ grants: [trial("sso", { note: "secret words" })] }), by);
  expect(JSON.stringify(event)).not.toContain("secret words");
});
