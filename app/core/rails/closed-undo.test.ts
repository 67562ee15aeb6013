import { expect, test } from "vitest";
import { railedKindOfUndo } from "./closed-undo";

test.each([
  ["trial.granted", "end"],
  ["trial.extended", "extend"],
  ["trial.ended", "grant"],
  ["undo.trial.granted", "grant"],
  ["redo.trial.granted", "end"],
  ["undo.trial.ended", "end"],
  ["tenant.plan_changed", null],
])("the undo of %s counts as %s", (action, kind) => {
  expect(railedKindOfUndo(action)).toBe(kind);
});
