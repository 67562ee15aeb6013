import { expect, test } from "vitest";
import type { Grant } from "~/core/model";
import { day } from "~/core/time";
import { catalogueFacts, feature, now, plan, tenant } from "~tests/facts";
import { namedCatalogue } from "./revert-tenant";
import { resultOf, undoResult } from "./undo-words";

const names = namedCatalogue(
  catalogueFacts([feature("sso", { name: "SSO" })], [plan("free", {}, { name: "Free" }), plan("pro", {}, { name: "Pro" })]),
);
const grant = (id: string, more: Partial<Grant> = {}) =>
  ({
    ...{ id, kind: "trial", feature: "sso", value: true, startsAt: now, endsAt: now + 10 * day, endedAt: null, note: null, extends: null },
    ...{ createdAt: now, createdBy: "Ada" },
    ...more,
  }) as Grant;
type Change = NonNullable<Parameters<typeof undoResult>[0]["change"]>;
const wordsOf = (before: Parameters<typeof tenant>[0], { set = {}, grants = [] }: Partial<Change>) =>
  undoResult(
    { before: tenant(before), change: { action: "undo.tenant.updated", key: "acme", at: now, why: null, set, grants }, problems: [] },
    names,
  ).message;

test("what goes back is said in words, with names and both ends", () => {
  const was = grant("gr_1");
  expect(wordsOf({ plan: "pro" }, { set: { plan: "free" } })).toBe("Plan: Pro → Free.");
  expect(wordsOf({ plan: "free" }, { set: { plan: null, status: "archived" } })).toBe("Plan: Free → no plan. Status: active → archived.");
  expect(wordsOf({ metadata: { a: 1, b: 2 } }, { set: { metadata: { b: 2, c: 3 } } })).toBe("Sets back metadata a and c.");
  expect(wordsOf({ addOns: ["pro"] }, { set: { addOns: [] } })).toBe("Removes Pro.");
  expect(wordsOf({ grants: [was] }, { grants: [{ ...was, endedAt: now }] })).toBe(
    "Ends the trial of SSO, which ran until 30 November 2026.",
  );
  const shorter = grant("gr_2", { extends: "gr_1", endsAt: now + 5 * day } as Partial<Grant>);
  const extension = { grants: [{ ...was, endedAt: now }, shorter] };
  expect(wordsOf({ grants: [was] }, extension)).toBe("The trial of SSO runs until 25 November 2026 instead of until 30 November 2026.");
  expect(wordsOf({ grants: [] }, { grants: [shorter] })).toBe("Gives back the trial of SSO, until 25 November 2026.");
});

test("what stays is said beside what goes back, and what is settled only if nothing else is", () => {
  const stays = { kind: "refused", message: "The plan of Acme was changed since by Bea." } as const;
  const settled = { kind: "settled", message: "The name of Acme is back already." } as const;
  expect(resultOf("Name: A → B.", [stays, settled])).toEqual({
    state: "done",
    message: `Name: A → B. ${stays.message}`,
    stays: stays.message,
  });
  expect(resultOf(null, [stays, settled])).toEqual({ state: "skipped", message: stays.message, stays: stays.message });
  expect(resultOf(null, [settled])).toEqual({ state: "skipped", message: settled.message, stays: null });
  expect(resultOf(null, [])).toEqual({ state: "skipped", message: "Nothing is left to undo.", stays: null });
  expect(resultOf(null, [{ ...stays, message: "x".repeat(2_000) }]).message).toHaveLength(1_000);
});
