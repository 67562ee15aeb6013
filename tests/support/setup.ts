import { afterEach, beforeEach, expect, vi } from "vitest";

// Unexpected console errors fail a test.
beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
  const complaints = vi.mocked(console.error).mock?.calls ?? [];
  vi.restoreAllMocks();
  expect(complaints, "unexpected console.error").toEqual([]);
});
