import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { circles, valueImports } from "./support/import-circles";
import { sourceFiles, sourceOf } from "./support/import-rule";

const isServerFile = (file: string) => file.startsWith("app/server/") && !/\.test\.tsx?$/.test(file);

test("value imports between the folders of app/server form no circle", () => {
  const files = sourceFiles().filter(isServerFile);
  expect(files.length).toBeGreaterThan(100);
  expect(circles(new Map(files.map((file) => [file, valueImports(file, sourceOf(file))])))).toEqual([]);
});

test("a circle over three folders is found, and type imports make none", () => {
  const source = (target: string, kind = "") => `import ${kind} { a } from "~/server/${target}/x.server";`;
  const imports = (kind: string) =>
    new Map(
      [
        ["a", "b"],
        ["b", "c"],
        ["c", "a"],
      ].map(([from, to]) => {
        const file = `app/server/${from}/x.server.ts`;
        return [file, valueImports(file, source(String(to), from === "c" ? kind : ""))];
      }),
    );
  expect(circles(imports(""))).toEqual([["app/server/a", "app/server/b", "app/server/c"]]);
  expect(circles(imports("type"))).toEqual([]);
});

test("app/server has at most fifteen files of its own", () => {
  const own = readdirSync("app/server", { withFileTypes: true }).filter((entry) => entry.isFile() && !/\.test\.ts$/.test(entry.name));
  expect(own.map(({ name }) => name).length).toBeLessThanOrEqual(15);
});
