import { afterEach, beforeEach, expect, vi } from "vitest";

// A test that makes the program complain without expecting it has found something.
beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
  const complaints = vi.mocked(console.error).mock?.calls ?? [];
  vi.restoreAllMocks();
  expect(complaints, "unexpected console.error").toEqual([]);
});
