import { expect, test } from "vitest";
import { sourceFiles, sourceOf } from "./support/import-rule";

/** Where the wall clock itself is asked, with the reason. Everything else is handed `now` or, for intervals, `elapsed`. */
const mayAskClock: Record<string, string> = {
  "app/server/process/start.server.ts": "makes `now`",
  "app/server/facts/facts-cache.server.ts": "compares with instants that other processes wrote into the feed",
  "app/server/facts/synchronization.server.ts": "notices that the machine slept, in which the other clock may have stood",
  "db/sqlite.server.ts": "names the copy before a migration",
  "client/latchkey.ts": "makes `now`",
};

test("the wall clock, which may step, is asked in one place", () => {
  const isOurs = (file: string) => /^(app|db|client)\//.test(file) && !/\.test\.tsx?$/.test(file);
  const asking = sourceFiles().filter((file) => isOurs(file) && /Date\.now\b/.test(sourceOf(file)));
  expect(asking.filter((file) => mayAskClock[file] === undefined)).toEqual([]);
});
