import { expect, test } from "vitest";
import { keepTickObjectShape } from "./runtime-tuning.server";

test("one object of a tick stays for as long as the process, with all that ticks have", () => {
  const before = new Set(Object.getOwnPropertySymbols(globalThis));
  keepTickObjectShape();
  const [added, ...others] = Object.getOwnPropertySymbols(globalThis).filter((symbol) => !before.has(symbol));
  expect(others).toEqual([]);
  const kept = (globalThis as { [place: symbol]: object })[added as symbol] as object;
  expect(Object.keys(kept)).toEqual(expect.arrayContaining(["callback", "args"]));
  expect(Object.getOwnPropertySymbols(kept).map(String)).toContain("Symbol(async_id_symbol)");
});
