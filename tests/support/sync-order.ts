import { expect } from "vitest";
import type { FakePosthog } from "../fake-posthog/start";

/** Revisions per group in arrival order. */
export function expectNothingOlderAfterNewer({ state }: FakePosthog) {
  expect(state.violations).toEqual([]);
  const newest = new Map<string, number>();
  for (const { event, properties } of state.events) {
    if (event !== "$groupidentify") continue;
    const key = String(properties?.$group_key);
    const revision = Number(properties?.latchkey_revision);
    expect(revision).toBeGreaterThanOrEqual(newest.get(key) ?? 0);
    newest.set(key, revision);
  }
}
