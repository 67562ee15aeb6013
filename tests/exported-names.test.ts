import { expect, test } from "vitest";
import { exportedNames } from "./support/exported-names";
import { sourceFiles, sourceOf } from "./support/import-rule";

/** Remix looks for these by name in every route. */
const namesOfRemix = ["loader", "action", "meta", "ErrorBoundary", "shouldRevalidate", "handle", "headers", "links"];

test("an exported name means one thing in the whole project", () => {
  const files = sourceFiles().filter((file) => /^(app|db)\//.test(file) && !/\.test\.tsx?$/.test(file));
  const places = new Map<string, string[]>();
  for (const file of files) for (const name of exportedNames(file, sourceOf(file))) places.set(name, [...(places.get(name) ?? []), file]);
  expect(places.size).toBeGreaterThan(1_000);
  expect([...places].filter(([name, files]) => files.length > 1 && !namesOfRemix.includes(name))).toEqual([]);
});

test("constants, functions, types and default exports are found by name", () => {
  const source = "export const a = 1, b = 2; export function c() {} export type D = 1; export default function E() {} const f = 1;";
  expect(exportedNames("app/x.ts", source)).toEqual(["a", "b", "c", "D", "E"]);
});
