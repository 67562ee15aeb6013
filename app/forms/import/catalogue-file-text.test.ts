import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { measured } from "~tests/measured";
import { problemLines, readCatalogueFile } from "./catalogue-file-text";

function problems(text: string): string[] {
  const read = readCatalogueFile("f.yaml", text);
  return read.ok ? [] : problemLines(read);
}
function fileOf(text: string) {
  const read = readCatalogueFile("f.yaml", text);
  if (!read.ok) throw new Error(problemLines(read).join("\n"));
  return read.file;
}
const minimal = "latchkey: 1\nfeatures: {}\nplans: {}\n";

describe("a hostile file", () => {
  const cost = (text: string) => {
    const before = process.cpuUsage();
    readCatalogueFile("f.yaml", text);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const lines = (count: number, line: (i: number) => string) => Array.from({ length: count }, (_, i) => line(i)).join("\n");
  const inFeature = (fields: string) => `latchkey: 1\nplans: {}\nfeatures:\n  f: ${fields}\n`;

  it.each<[string, (n: number) => string]>([
    ["a problem in every line", (n) => `${minimal}${lines(n, (i) => `unknown${i}: 1`)}`],
    ["a feature that is wrong in every line", (n) => `latchkey: 1\nplans: {}\nfeatures:\n${lines(n, (i) => `  f${i}: 1`)}`],
    ["a text of many options", (n) => inFeature(`{ config: { kind: text, options: [${lines(n, (i) => `o${i},`)}] } }`)],
    ["a list that has every entry twice", (n) => `${minimal}addOns:\n  p: { features: [${lines(2 * n, (i) => `f${i >> 1},`)}] }`],
    ["brackets that close nothing", (n) => "]".repeat(n)],
  ])("costs no more than in proportion to its length: %s", measured, (_, make) => {
    cost(make(4_000));
    const [short, long] = [make(2_000), make(32_000)].map((text) => Math.min(cost(text), cost(text)));
    // 16 where it is in proportion, 256 where every line is compared with every other.
    expect((long as number) / (short as number)).toBeLessThan(64);
  });

  it("has up to 2,500,000 words, signs and gaps, and 100 problems of YAML itself", () => {
    const [problem] = problems(`latchkey: [${"a,".repeat(1_300_000)}]`);
    expect(problem).toMatch(/^f\.yaml:1: has too many names and values up to here: move tenants into files of their own/);
    expect(problems("]".repeat(5_000)).at(-1)).toBe("and 81 more");
  });
});

describe("what a file may say", () => {
  const file = fileOf(`
latchkey: 1
features:
  sso: Single sign-on
  plain:
  constructor: { group: Odd, flag: { key: f, rule: both } }
  seats: { meter: { resetPeriod: never, unit: seats } }
  calls: { type: metered, meter: { resetPeriod: month, soft: true } }
  days: { config: { kind: number } }
  region: { config: { kind: text, options: [eu, "10"] }, archived: 2026-11-01T00:00:00+01:00 }
  look: { config: { kind: json }, archived: true }
plans:
  free: { features: [sso, plain] }
  "42":
    name: Forty-two
    rank: 10
    includes: free
    features: { seats: 10, calls: unlimited, days: 0.5, region: "10", look: { constructor: { a: [1, null] }, "10": 1, b: 2 } }
  last: {}
addOns:
  more:
tenants:
  __proto__:
  acme:
    name: Acme
    plan: null
    addOns: [more]
    status: suspended
    metadata: { constructor: 1, deep: { a: [true] } }
    grants:
      - { trial: sso, endsAt: 2026-12-04T10:00:00Z, note: two weeks }
      - { allow: seats, value: 99, startsAt: 2026-11-01T00:00:00Z }
      - { deny: sso, endsAt: null }
`);

  it("takes the shorthands: a text is a name, nothing is the key, a list switches on, and the type follows from its settings", () => {
    expect(file.features.get("sso")).toEqual({
      name: "Single sign-on",
      description: null,
      group: null,
      flag: null,
      archived: false,
      type: "boolean",
    });
    expect(file.features.get("plain")).toMatchObject({ name: "plain", type: "boolean" });
    expect(file.features.get("constructor")).toMatchObject({ group: "Odd", flag: { key: "f", rule: "both", whenUnknown: "last" } });
    expect(file.features.get("seats")).toMatchObject({ type: "metered", meter: { resetPeriod: "never", soft: false, unit: "seats" } });
    expect(file.features.get("calls")).toMatchObject({ type: "metered", meter: { resetPeriod: "month", soft: true, unit: null } });
    expect(file.features.get("days")).toMatchObject({ type: "config", config: { kind: "number", better: "higher" } });
    expect(file.features.get("region")).toMatchObject({
      archived: Date.UTC(2026, 9, 31, 23),
      config: { kind: "text", options: ["eu", "10"] },
    });
    expect(file.features.get("look")).toMatchObject({ archived: true, config: { kind: "json" } });
  });

  it("keeps plans in the order of the file, add-ons after them, and gives each the rank after the one before it", () => {
    const ranks = [...file.plans].map(([key, p]) => [key, p.kind, p.rank]);
    expect(ranks).toEqual([
      ["free", "base", 1],
      ["42", "base", 10],
      ["last", "base", 11],
      ["more", "add_on", 12],
    ]);
    expect([...(file.plans.get("free")?.entries ?? [])]).toEqual([
      ["sso", true],
      ["plain", true],
    ]);
    expect(JSON.stringify(file.plans.get("42")?.entries.get("look"))).toBe('{"10":1,"constructor":{"a":[1,null]},"b":2}');
  });

  it("tells what a tenant leaves out from what it clears, and keeps keys that objects would lose", () => {
    expect([...file.tenants.keys()]).toEqual(["__proto__", "acme"]);
    expect(file.tenants.get("__proto__")).toEqual({ grants: [] });
    const acme = file.tenants.get("acme");
    expect(acme).toMatchObject({ name: "Acme", plan: null, addOns: ["more"], status: "suspended" });
    expect(Object.keys(acme?.metadata ?? {})).toEqual(["constructor", "deep"]);
    expect(acme?.grants).toEqual([
      { kind: "trial", feature: "sso", endsAt: Date.UTC(2026, 11, 4, 10), note: "two weeks" },
      { kind: "override", effect: "allow", feature: "seats", value: 99, startsAt: Date.UTC(2026, 10, 1), endsAt: null },
      { kind: "override", effect: "deny", feature: "sso", endsAt: null },
    ]);
  });

  it("reads JSON alike, indented with tabs too", () => {
    expect(
      fileOf('{\n\t"latchkey": 1,\n\t"features": {\n\t\t"sso": "SSO"\n\t},\n\t"plans": { "pro": { "features": ["sso"] } }\n}').plans.get(
        "pro",
      ),
    ).toMatchObject({
      name: "pro",
      rank: 1,
      entries: new Map([["sso", true]]),
    });
  });
});

it("the file in the documentation is one", () => {
  const [, example = ""] = /```yaml\n([\s\S]*?)```/.exec(readFileSync("docs/catalogue-file.md", "utf8")) ?? [];
  expect(problems(example)).toEqual([]);
  expect(fileOf(example).tenants.get("acme")?.grants).toHaveLength(3);
});

describe("what is wrong with a file is told by line, with what would be right", () => {
  it.each<[string, string, string]>([
    ["an empty file", "# nothing\n", "f.yaml:1: is empty"],
    ["a list", "- a", "f.yaml:1: has to be a map (key: value), not a list"],
    ["no version", "features: {}\nplans: {}", "f.yaml:1: latchkey: is missing: it has to be 1"],
    ["another version", "\nlatchkey: 2\nfeatures: {}\nplans: {}", "f.yaml:2: latchkey: has to be 1, not the number 2"],
    ["no features", "latchkey: 1\nplans: {}", "f.yaml:1: features: is missing: it has to be a map (key: value)"],
    [
      "an unknown section",
      `${minimal}planes: {}`,
      "f.yaml:4: planes: is not a field here. Fields here: latchkey, features, plans, addOns, tenants",
    ],
    ["a broken quote", 'latchkey: 1\nfeatures:\n  a: "x', 'f.yaml:3: cannot be read: Missing closing "quote'],
    ["a tab", "latchkey: 1\nfeatures:\n\ta: x", "f.yaml:3: tabs cannot indent: use spaces"],
    ["a key twice", "latchkey: 1\nfeatures:\n  a: x\n  b: y\n  a: z\nplans: {}", "f.yaml:5: a stands twice in the same map: keep one"],
    ["two documents", `${minimal}---\na: 1`, "f.yaml:4: a second document begins here: take out the --- and what follows it"],
    ["an alias", "latchkey: 1\nfeatures: {}\nplans: *all", "f.yaml:3: anchors and aliases (& and *) are not read: write the value out"],
    ["a tag", "latchkey: 1\nfeatures: !!map {}\nplans: {}", "f.yaml:2: tags (!) are not read: write a plain value"],
    [
      "NUL in text",
      'latchkey: 1\nfeatures:\n  a: "x\\0"\nplans: {}',
      "f.yaml:3: holds a character that cannot be stored (NUL or half of a pair)",
    ],
  ])("%s", (_, text, expected) => {
    expect(problems(text)).toEqual([expected]);
  });

  const feature = (line: string) => problems(`latchkey: 1\nfeatures:\n  f: ${line}\nplans: {}`);
  it.each<[string, string]>([
    ["5", "f: has to be a map (key: value), not the number 5"],
    ["{ name: 5 }", "f.name: has to be text, not the number 5. Put quotes around it if it is meant as text"],
    ['{ name: "" }', "f.name: must not be empty"],
    [
      "{ colour: red }",
      "f.colour: is not a field here. Fields here: name, description, group, askUrl, type, config, meter, flag, archived",
    ],
    ["{ type: metred }", "f.type: has to be one of boolean, config, metered, not “metred”"],
    ["{ type: metered }", "f.type: metered needs the field meter as well, such as meter: { resetPeriod: month }"],
    ["{ type: boolean, meter: { resetPeriod: day } }", "f.meter: is for type metered, and this feature is boolean: take one of them out"],
    ["{ meter: { resetPeriod: fortnight } }", "f.meter.resetPeriod: has to be one of hour, day, week, month, year, never, not “fortnight”"],
    ["{ config: { kind: json, options: [a] } }", "f.config.options: are for text only: take them out"],
    ["{ config: { kind: text, options: [a, b, a] } }", "f.config.options #3: a stands twice in the options"],
    ["{ flag: { key: a } }", "f.flag.rule: is missing: it has to be one of grant, gate, both"],
    ["{ archived: yes }", "f.archived: has to be true, false, or the time since when, such as 2026-12-04T10:00:00Z"],
  ])("a feature %s", (line, expected) => {
    expect(feature(line)).toEqual([`f.yaml:3: features.${expected}`]);
  });

  const plans = (lines: string) => problems(`latchkey: 1\nfeatures: { sso: , seats: { meter: { resetPeriod: day } } }\nplans:\n${lines}`);
  it.each<[string, string]>([
    ["  a b: {}", "3:|4: plans.a b: is not a key: a letter or digit, then up to 99 letters, digits, dots, hyphens, underscores"],
    ["  p: { rank: -1 }", "4: plans.p.rank: has to be 0 or more"],
    ["  p: { features: sso }", "4: plans.p.features: has to be a list of keys, or a map such as { sso: true, seats: 10 }"],
    [
      "  p: { features: [3] }",
      "4: plans.p.features #1: has to be the key of a boolean feature. To give values, write a map: { seats: 10 }",
    ],
    ["  p:\n    features:\n      - sso\n      - sso", "7: plans.p.features #2: sso stands twice in this list"],
    [
      "  p:\n    features:\n      - sso\n      - nope",
      "7: plans.p.features.nope: there is no feature nope in this file: add it under features, or take it out here",
    ],
    [
      "  p:\n    features:\n      sso: yes",
      '6: plans.p.features.sso: sso is a boolean feature: its value is true, not the text "yes". Give true, or leave it out',
    ],
    ["  p:\n    features: [sso, seats]", '5: plans.p.features.seats: seats needs a limit: a whole number from 0, or "unlimited"'],
    ["  p:\n    includes: q", "5: plans.p.includes: there is no plan q in this file: add it, or include another"],
    ["  p: { includes: q }\n  q:\n    includes: p", "4: plans.p.includes: plans would include each other in a circle: p → q → p"],
    ["  p: { includes: x }\naddOns: { x: }", "4: plans.p.includes: a plan can include only a plan, and an add-on only an add-on"],
    ["  p:\naddOns:\n  p:", "6: addOns.p: is the key of a plan already: choose another"],
  ])("plans %s", (lines, expected) => {
    expect(plans(lines)).toEqual([`f.yaml:${expected.replace(/^\d+:\|/, "")}`]);
  });

  const tenant = (line: string) =>
    problems(
      `latchkey: 1\nfeatures: { sso: , seats: { meter: { resetPeriod: day } } }\nplans: { p: }\naddOns: { x: }\ntenants:\n  acme: ${line}`,
    );
  it.each<[string, string]>([
    ["{ plan: gold }", ".plan: there is no plan gold in this file: add it under plans, or name another"],
    ["{ plan: x }", ".plan: x is an add-on: name it under addOns"],
    ["{ addOns: [x, p] }", ".addOns #2: p is a plan: name it under plan"],
    ["{ status: off }", ".status: has to be one of active, suspended, archived, not “off”"],
    [
      "{ metadata: { a: 9007199254740993 } }",
      "has more digits than can be stored: it would become 9007199254740992. Put quotes around it to keep it as text",
    ],
    ["{ metadata: { a: { __proto__: 1 } } }", ".metadata.a.__proto__: The name __proto__ cannot be stored. Choose another one."],
    ["{ metadata: [1] }", ".metadata: has to be a map (key: value)"],
    ["{ grants: [ { trial: sso } ] }", ".grants #1: a trial needs endsAt: the time when it ends"],
    ["{ grants: [ { note: hm } ] }", ".grants #1: needs exactly one of trial, allow and deny, with the feature's key"],
    ["{ grants: [ { deny: sso, value: 1 } ] }", ".grants #1.value: does not belong to a denial: take it out"],
    ["{ grants: [ { allow: seats } ] }", '.grants #1: seats needs a limit: a whole number from 0, or "unlimited"'],
    ["{ grants: [ { deny: nope } ] }", ".grants #1: there is no feature nope in this file: add it under features, or take it out here"],
    [
      "{ grants: [ { allow: sso, endsAt: 2026-12-04 } ] }",
      ".grants #1.endsAt: has to be a time with its zone, such as 2026-12-04T10:00:00Z, between the years 1970 and 9999",
    ],
  ])("a tenant %s", (line, expected) => {
    expect(tenant(line)).toEqual([
      expected.startsWith(".") || expected.startsWith(":") ? `f.yaml:6: tenants.acme${expected}` : `f.yaml:6: ${expected}`,
    ]);
  });

  it("tells all problems at once, in the order of lines, but not more than 20", () => {
    const many = Array.from({ length: 30 }, (_, i) => `  f${i}: ${i}`).join("\n");
    const told = problems(`latchkey: 1\nfeatures:\n${many}\nplans: { p: { features: [nope] } }`);
    expect(told).toHaveLength(21);
    expect(told[0]).toBe("f.yaml:3: features.f0: has to be a map (key: value), not the number 0");
    expect(told[20]).toBe("and 10 more");
  });
});

describe("a hostile file", () => {
  it.each([
    ["nested maps and lists without end", "[".repeat(1_000_000)],
    ["nested dashes", "- ".repeat(1_000_000)],
    ["nested questions", "? ".repeat(1_000_000)],
    ["nested maps", "{ a: ".repeat(500_000)],
  ])("%s is refused before it exhausts the program", (_, text) => {
    expect(problems(text)).toEqual(["f.yaml:1: is nested more than 100 deep"]);
  });

  it("of aliases that double each other is refused", () => {
    const bomb = Array.from({ length: 40 }, (_, i) => `a${i}: &a${i} [${i === 0 ? "x" : `*a${i - 1}, *a${i - 1}`}]`).join("\n");
    expect(problems(bomb).at(-1)).toMatch(/^and \d+ more$/);
  });

  it("of more than 5 MB is refused unread", () => {
    expect(problems(`${minimal}${"#".repeat(5 * 1024 * 1024)}`)).toEqual([
      "f.yaml:1: is larger than 5 MB: move tenants into files of their own, each with latchkey and tenants only",
    ]);
  });

  it("with very many features is no worse than long: time grows with its length, not with its square", () => {
    const features = Array.from({ length: 5_000 }, (_, i) => `  feature_${i}: { name: Feature ${i} }\n`).join("");
    expect(fileOf(`latchkey: 1\nplans: {}\nfeatures:\n${features}`).features.size).toBe(5_000);
  });
});
