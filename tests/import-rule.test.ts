import { describe, expect, test } from "vitest";
import { sourceFiles, sourceOf, violations } from "./support/import-rule";

test("every file imports only what its room may import, and the pure rooms are pure", () => {
  const files = sourceFiles();
  expect(files.length).toBeGreaterThan(50);
  expect(files.flatMap((file) => violations(file, sourceOf(file)))).toEqual([]);
});

describe("the rule finds", () => {
  test.each([
    ["a static import", "app/ui/x.tsx", 'import { a } from "~/server/a.server";', "ui may not import server"],
    ["a type import", "app/ui/x.tsx", 'import type { A } from "~db/schema";', "ui may not import db"],
    ["an inline type", "app/ui/x.tsx", 'let a: import("~db/schema").A;', "ui may not import db"],
    ["a dynamic import", "app/forms/x.ts", 'await import("~/server/a.server");', "forms may not import server"],
    ["a re-export", "app/forms/x.ts", 'export { a } from "../ui/a";', "forms may not import ui"],
    ["an import for its effects", "app/routes/x.tsx", 'import "~db/open.server";', "routes may not import db"],
    ["a require", "app/cli/x.server.ts", 'const a = require("../../db/schema");', "cli may not import db"],
    ["a server that reaches into the api", "app/server/x.server.ts", 'import { a } from "~/api/a.server";', "server may not import api"],
    ["an import behind text in markup", "app/ui/x.tsx", "const a = <p>don't `</p>; import('~db/a');", "ui may not import db"],
    ["a client that needs our code", "client/x.ts", 'import { a } from "../app/core/a";', "client may not import core"],
    ["a script that needs our code", "scripts/x.mjs", 'import { a } from "../app/core/a";', "scripts may not import core"],
    ["a new room", "app/utils/x.ts", "", "there is no room called utils"],
    ["a package in core", "app/core/x.ts", 'import { z } from "zod";', "core is pure and imports nothing but core"],
    ["the clock in core", "app/core/x.ts", "const a = Date.now();", "core is pure: Date.now"],
    ["today in core", "app/core/x.ts", "const a = new Date();", "core is pure: new Date()"],
    ["chance in core", "app/core/x.ts", "const a = Math.random();", "core is pure: Math.random"],
    ["an id in core", "app/core/x.ts", "const a = crypto.randomUUID();", "core is pure: crypto.randomUUID"],
    ["the environment", "app/server/x.server.ts", "const a = process.env.A;", "only app/server/env.server.ts reads process.env"],
    ["the environment in brackets", "app/ui/x.tsx", 'const a = process["env"];', "only app/server/env.server.ts reads process.env"],
    ["the environment taken apart", "app/ui/x.tsx", "const { env } = process;", "only app/server/env.server.ts reads process.env"],
    ["the environment as an import", "app/cli/x.server.ts", 'import { env } from "node:process";', "process is read through"],
    ["I/O without the suffix", "db/x.ts", 'import fs from "node:fs";', "needs the suffix .server.ts"],
    ["a driver without the suffix", "db/x.ts", 'import pg from "pg";', "needs the suffix .server.ts"],
    ["I/O behind a plain name", "app/api/x.ts", 'export { a } from "./a.server";', "needs the suffix .server.ts"],
  ])("%s", (_what, file, source, sentence) => {
    expect(violations(file, source)).toEqual([expect.stringContaining(sentence)]);
  });
});

describe("the rule leaves alone", () => {
  test.each([
    ["a room's own files and those further in", "app/ui/x.tsx", 'import { a } from "~/core/a"; import { b } from "./b"; import "~/paths";'],
    ["the place that puts the doors together", "app/server/app.server.ts", 'import { a } from "~/api/a.server";'],
    ["a date made from an instant in core", "app/core/x.ts", "const a = new Date(now); const b = new Date(0);"],
    ["words about imports", "app/core/x.ts", '// import "~db/schema"\nconst a = "process.env and Date.now()";'],
    ["definitions of tables", "db/tables.x.ts", 'import { sqliteTable } from "drizzle-orm/sqlite-core"; import type pg from "pg";'],
    ["the reader of the environment", "app/server/env.server.ts", "const a = process.env.A;"],
    ["tests", "app/core/x.test.ts", 'import "~db/open.server"; const a = Date.now();'],
  ])("%s", (_what, file, source) => {
    expect(violations(file, source)).toEqual([]);
  });
});
