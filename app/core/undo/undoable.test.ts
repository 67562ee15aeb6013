import { expect, test } from "vitest";
import { actToUndo, actToUndoAll, whyNotUndoable } from "./undoable";

test("what was undone, and undone again, needs the right of the act itself", () => {
  for (const action of ["trial.granted", "undo.trial.granted", "redo.trial.granted"]) expect(actToUndo(action)).toBe("trials.grant");
});

test("several acts need the right that the fewest roles have, and one that cannot be undone leaves none", () => {
  expect(actToUndoAll(["trial.granted", "tenant.updated"])).toBe("tenants.change");
  expect(actToUndoAll(["trial.granted", "admin.signed_in"])).toBe(null);
});

test("an act that cannot be undone is told what to do instead", () => {
  const actions = ["api_key.created", "admin.invited", "tenant.change_scheduled", "tenant.scheduled_change_moved", "webhook.created"];
  for (const action of [...actions, "notice_rules.changed", "job.started", "posthog.resync", "view.saved", "preset.kept"]) {
    expect([action, actToUndo(action)]).toEqual([action, null]);
    expect(whyNotUndoable(action)).not.toBe(whyNotUndoable("nothing"));
  }
});
