import { describe, expect, test } from "vitest";
import { problemLines, readCatalogueFile } from "./catalogue-file-text";

describe("a JSON file", () => {
  const problemsOf = (text: string) => {
    const read = readCatalogueFile("f.json", text);
    return read.ok ? [] : problemLines(read);
  };

  test.each([
    ['{"latchkey": 1\n "features": {}}', 'f.json:2: cannot be read: column 2: there is " where a comma or } should be'],
    ['{"latchkey": 1,\n"features": {"a" 1}}', "f.json:2: cannot be read: column 18: there is 1 where a colon should be"],
    ['{\n"latchkey": 1,\n', 'f.json:3: cannot be read: column 1: the text ends where a name in "double quotes" should be'],
    ['{"latchkey": 1,\n"a": "x\ny"}{', expect.stringMatching(/^f\.json:2: cannot be read: column 6: this text is not closed/)],
    ['{"latchkey": 1,}\n}', "f.json:2: cannot be read: column 1: there is } where the end should be"],
  ])("%j that cannot be parsed is described in JSON's terms, by line and column", (text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });

  test("is accepted with the trailing commas and # comments that YAML accepts", () => {
    expect(problemsOf('{"latchkey": 1, "features": {},\n "plans": {},} # end')).toEqual([]);
  });

  test("names the line of a value that is not allowed", () => {
    expect(problemsOf('{"latchkey": 1,\n"features": {},\n"plans": 5}')[0]).toMatch(/^f\.json:3: plans: has to be a map/);
    expect(problemsOf('{"latchkey": 1,\n"features": {"a": "x",\n"a": "y"},\n"plans": {}}')).toEqual([
      "f.json:3: a stands twice in the same map: keep one",
    ]);
  });
});
