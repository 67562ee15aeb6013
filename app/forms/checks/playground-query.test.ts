import { describe, expect, test } from "vitest";
import { readPlaygroundQuery } from "./playground-query";

const read = (query: Record<string, string>) => readPlaygroundQuery(new URLSearchParams(query));

test("without a query nothing is asked and nothing is wrong", () => {
  expect(read({})).toMatchObject({ tenant: "", user: undefined, at: undefined, requested: undefined, feature: null, page: 1, errors: {} });
});

test("a date and time is read in the form's zone, and ISO 8601 in its own", () => {
  expect(read({ at: "2026-12-13T18:12", zone: "America/Los_Angeles" }).at).toBe(Date.parse("2026-12-14T02:12:00Z"));
  expect(read({ at: "2026-12-13T18:12" }).at).toBe(Date.parse("2026-12-13T18:12:00Z"));
  expect(read({ at: "2026-12-13T18:12:00+01:00", zone: "Asia/Tokyo" }).at).toBe(Date.parse("2026-12-13T17:12:00Z"));
});

describe("a field that cannot be read has a sentence, and keeps what was typed", () => {
  test.each([
    ["tenant", "a\0b", "A tenant key has 1 to 200 characters and no control characters."],
    ["user", "x".repeat(201), "A user has 1 to 200 characters and no control characters."],
    ["at", "2026-02-30T00:00", "Choose a date and time."],
    ["at", "yesterday", "Choose a date and time."],
    ["requested", "-1", "What is requested is a whole number from 0 on."],
    ["requested", "1e3", "What is requested is a whole number from 0 on."],
    ["requested", "99999999999999999", "What is requested is a whole number from 0 on."],
  ] as const)("%s=%j", (field, typed, sentence) => {
    const query = read({ [field]: typed });
    expect(query.errors).toEqual({ [field]: sentence });
    expect(query.typed[field]).toBe(typed);
    expect([query.user, query.at, query.requested, query.tenant]).toEqual([undefined, undefined, undefined, ""]);
  });
  test("an unknown zone makes the time unreadable", () => {
    expect(read({ at: "2026-12-13T18:12", zone: "Mars" }).errors).toEqual({ at: "Choose a date and time." });
  });
});

test("an impossible feature key, page or choice is ignored", () => {
  expect(read({ feature: "\0", page: "-3", show: "maybe" })).toMatchObject({ feature: null, page: 1, show: null });
});
