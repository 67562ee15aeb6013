import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { parse } from "yaml";
import { applyCatalogueChange } from "~/core/catalogue/catalogue-changes";
import { applyChange } from "~/core/decision/changes";
import { planWholeImport } from "~/core/import/tenant-import";
import type { CatalogueFacts, Feature, Json, Plan, TenantFacts, Value } from "~/core/model";
import { lookAlikeProblem } from "~/core/plain-text";
import { day } from "~/core/time";
import { catalogueFacts, denial, flagTie, now, override, plan, stamp, tenant, trial } from "~tests/facts";
import { problemLines, readCatalogueFile } from "./catalogue-file-text";
import { createFileWriter, fileFormats, writeCatalogueFile } from "./catalogue-text";

const empty: CatalogueFacts = { revision: 0, features: [], plans: [] };

/** The state of a fresh database after importing this text. */
function importedFrom(text: string) {
  const read = readCatalogueFile("export", text);
  if (!read.ok) throw new Error(`${problemLines(read).join("\n")}\n${text}`);
  const whole = planWholeImport(empty, new Map(), read.file, stamp());
  if (!whole.ok) throw new Error(JSON.stringify(whole.problems));
  const facts = whole.catalogue ? applyCatalogueChange(empty, whole.catalogue, 1) : { ...empty, revision: 1 };
  return { facts, tenants: whole.tenants.map(({ change }) => applyChange(null, change, 1)) };
}

const text = fc.oneof(
  fc.constantFrom(
    "yes",
    "no",
    "On",
    "y",
    "N",
    "1_000",
    "12:30",
    "1:2:3.5",
    "010",
    "0b1",
    ".5",
    "+1",
    "1e+21",
    "=",
    "\u2029",
    "\uffff",
    "null",
    "~",
    "10",
    "1e3",
    "0x1",
    "#x",
    "- a",
    "a: b",
    "{",
    "*a",
    "&a",
    "!a",
    "<<",
    "2026-12-04",
    '"',
    "'",
    "a\nb",
    "a\rb",
    "a\r\nb ",
    "\tx",
    " x ",
    "ключ",
    "😀",
    "\u0085",
    "\u2028",
    "\ufeff",
  ),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter((t) => !t.includes("\0")),
);
const line = text.filter((t) => !/\p{Cc}/u.test(t));
/** New names and keys: whatever else there is, an import into an empty place refuses. */
const name = line.filter((t) => lookAlikeProblem(t, "key") === null);
const json = fc
  .jsonValue({ maxDepth: 3, stringUnit: "grapheme" })
  .map((v) => JSON.parse(JSON.stringify(v)) as Json)
  .filter((v) => v !== null && !/\\u0000|__proto__/.test(JSON.stringify(v)));
const key = fc.constantFrom("a", "1", "10", "constructor", "null", "true", "x.y-z_9", "1e3", "toString");
const archivedAt = fc.constantFrom(null, null, now - day, now - day + 1);

const anyFeature = fc
  .record({
    key,
    name,
    description: fc.option(text),
    group: fc.option(name),
    archivedAt,
    tie: fc.boolean(),
    type: fc.nat(5),
    soft: fc.boolean(),
  })
  .map(({ tie, type, soft, ...f }): Feature => {
    const common = { ...f, flag: tie ? flagTie("grant", { key: f.name }) : null, revision: 1 };
    if (type === 0) return { ...common, type: "metered", meter: { resetPeriod: "week", soft, unit: f.group } };
    if (type === 1) return { ...common, type: "config", config: { kind: "json" } };
    if (type === 2) return { ...common, type: "config", config: { kind: "text", options: soft ? ["10", "yes"] : [] } };
    if (type === 3) return { ...common, type: "config", config: { kind: "number", better: "lower" } };
    return { ...common, type: "boolean" };
  });

const anyGift = fc.record({
  json,
  text,
  number: fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })).map((n) => n || 0),
  limit: fc.oneof(fc.maxSafeNat(), fc.constant("unlimited" as const)),
});
function giftFor(f: Feature, gift: { json: Json; text: string; number: number; limit: Value }): Value {
  if (f.type === "boolean") return true;
  if (f.type === "metered") return gift.limit;
  if (f.config.kind === "text") return f.config.options[0] ?? gift.text;
  return f.config.kind === "number" ? gift.number : gift.json;
}

const world = fc
  .record({
    features: fc.uniqueArray(anyFeature, { selector: (f) => f.key, maxLength: 6 }),
    plans: fc.uniqueArray(
      fc.record({
        key,
        name,
        description: fc.option(text),
        rank: fc.nat(20),
        isAddOn: fc.boolean(),
        includes: fc.boolean(),
        gives: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
        archivedAt,
      }),
      { selector: (p) => p.key, maxLength: 4 },
    ),
    gift: anyGift,
    tenants: fc.uniqueArray(
      fc.record({
        key: fc.oneof(name, fc.constant("__proto__")),
        name,
        metadata: fc.dictionary(
          line.filter((t) => t !== "__proto__"),
          json,
          { maxKeys: 2 },
        ),
        status: fc.constantFrom("active", "suspended", "archived"),
        note: fc.option(text),
      }),
      { selector: (t) => t.key, maxLength: 3 },
    ),
  })
  .map(({ features, plans, gift, tenants }) => {
    const made: Plan[] = [];
    for (const { isAddOn, includes, gives, ...p } of plans) {
      const kind = isAddOn ? "add_on" : "base";
      const entries = features.filter((_, i) => gives[i]).map((f) => ({ feature: f.key, value: giftFor(f, gift) }));
      entries.sort((a, b) => (a.feature < b.feature ? -1 : 1));
      const included = includes ? made.findLast((m) => m.kind === kind) : undefined;
      made.push({ ...plan(p.key), ...p, kind, entries, includes: included?.key ?? null });
    }
    const people = tenants.map(({ note, ...t }) => {
      const grants = features.slice(0, 3).map((f, i) => {
        const value = giftFor(f, gift);
        const more = { id: `gr_${i + 1}`, note, startsAt: now - day + i };
        return [trial(f.key, { ...more, value }), override(f.key, { ...more, value, endsAt: now + 1 }), denial(f.key, more)][
          i
        ] as ReturnType<typeof trial>;
      });
      const base = made.find((p) => p.kind === "base")?.key ?? null;
      return tenant({
        ...t,
        status: t.status as TenantFacts["status"],
        plan: base,
        addOns: made.filter((p) => p.kind === "add_on").map((p) => p.key),
        grants,
        createdAt: now,
      });
    });
    return { facts: catalogueFacts(features, made), tenants: people };
  });

/** Without ids, authors and write times, which depend on the database. */
const plain = (facts: TenantFacts) => ({
  ...facts,
  addOns: facts.addOns.map((a) => a.plan),
  grants: facts.grants.map(({ id, createdAt, createdBy, ...grant }) => grant),
});

describe.each(fileFormats)("an export as %s", (format) => {
  it("imports to the same state, whatever stands in it", () => {
    fc.assert(
      fc.property(world, ({ facts, tenants }) => {
        const back = importedFrom(writeCatalogueFile(facts, tenants, format));
        expect(back.facts).toEqual(facts);
        expect(back.tenants.map(plain)).toEqual(tenants.map(plain));
      }),
      { numRuns: 300 },
    );
  });

  it("has the same bytes if it is written in parts", () => {
    fc.assert(
      fc.property(world, fc.integer({ min: 1, max: 4 }), ({ facts, tenants }, size) => {
        const writer = createFileWriter(facts, format);
        const parts = [writer.start()];
        for (let from = 0; from < tenants.length; from += size) parts.push(writer.tenants(tenants.slice(from, from + size)));
        expect([...parts, writer.end()].join("")).toBe(writeCatalogueFile(facts, tenants, format));
      }),
      { numRuns: 100 },
    );
  });

  it("has equal bytes for equal state, and is read and written again without a difference", () => {
    fc.assert(
      fc.property(world, ({ facts, tenants }) => {
        const first = writeCatalogueFile(facts, tenants, format);
        const back = importedFrom(first);
        expect(writeCatalogueFile(back.facts, back.tenants, format)).toBe(first);
      }),
      { numRuns: 100 },
    );
  });
});

/** A file's content, with maps as ordered entries. */
const readAs = (version: "1.1" | "1.2", file: string) =>
  JSON.stringify(parse(file, { version, mapAsMap: true, schema: version === "1.1" ? "yaml-1.1" : "core" }), (_, v) =>
    v instanceof Map ? ["map", ...v] : v,
  );

test("an export means the same to readers of YAML 1.1", () => {
  const odd = ["no", "y", "On", "1_000", "12:30", "1:2:3.5", "010", "0b1", "<<", "=", "2026-12-04", "~", "a\u2028b", "a\u0085b", "1e+21"];
  const look: { [name: string]: Json } = Object.fromEntries(odd.map((word) => [word, word]));
  const given = tenant({ key: "no", name: "on", metadata: { ...look, large: 1e21, small: 1e-7, list: odd } });
  const file = writeCatalogueFile(empty, [given], "yaml");
  expect(readAs("1.1", file)).toBe(readAs("1.2", file));
  // Stricter readers want a point in a number with an exponent, and take these characters for line breaks.
  expect(file).toContain("large: 1.0e+21");
  expect(file).not.toMatch(/[\u0085\u2028]/);

  fc.assert(
    fc.property(world, ({ facts, tenants }) => {
      const text = writeCatalogueFile(facts, tenants, "yaml");
      expect(readAs("1.1", text)).toBe(readAs("1.2", text));
    }),
    { numRuns: 100 },
  );
});
