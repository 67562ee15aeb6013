import { expect, test } from "vitest";
import { createBreaker } from "./breaker.server";

test("requests that fail together count as one failure, however many there are", () => {
  let at = 0;
  const breaker = createBreaker(() => at);
  for (let round = 1; round <= 5; round++) {
    expect(breaker.isOpen()).toBe(false);
    const askedAt = at;
    for (let i = 0; i < 1_000; i++) {
      at += 1;
      breaker.failed(askedAt);
    }
    at += 1;
  }
  expect(breaker.isOpen()).toBe(true);
});
