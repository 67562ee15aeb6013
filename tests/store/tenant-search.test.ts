import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TenantChange } from "~/core/decision/changes";
import type { Json } from "~/core/model";
import { wordsOf } from "~/core/search/search-words";
import { searchTenantKeys } from "~db/store/tenant-search.server";
import { writeTenantChanges } from "~db/store/tenant-writes.server";
import { ada } from "../support/api";
import { now } from "../support/facts";
import { engines, startServices, type TestServices } from "../support/services";

type Made = { key: string; name: string; metadata: { [name: string]: Json } };

const scripts = [
  "abcé",
  "ABÇÖß",
  "αβγΣς",
  "жзий",
  "物流東京",
  "カタガな",
  "한국어가",
  "שלום",
  "مرحبا",
  "कि कु",
  "ｆｕｌｌ",
  "🦊❤",
  "ıİ",
  "1234",
];
const letter = fc.constantFrom(...scripts.flatMap((letters) => [...letters.replace(/\s/g, "")]));
const sign = fc.constantFrom(" ", "  ", "-", "_", "%", "\\", '"', "'", "*", "(", "\u3000");
const text = fc
  .array(fc.oneof({ weight: 6, arbitrary: letter }, { weight: 1, arbitrary: sign }), { minLength: 1, maxLength: 14 })
  .map((characters) => characters.join(""));
const tenant = fc.record({
  name: text,
  metadata: fc.dictionary(fc.constantFrom("a", "b"), fc.oneof(text, fc.nat(9_999)), { noNullPrototype: true }),
});

/** The definition: each word of the query is a part of some word of the tenant. */
function naiveSearch(tenants: Made[], query: string): string[] {
  const words = wordsOf(query);
  const matches = ({ key, name, metadata }: Made) => {
    const own = [name, key, ...Object.values(metadata).map(String)].flatMap(wordsOf);
    return words.every((word) => own.some((one) => one.includes(word)));
  };
  return tenants.filter(matches).map(({ key }) => key);
}

describe.each(engines)("on %s", (engine) => {
  let s: TestServices;
  beforeAll(async () => {
    s = await startServices(engine);
  });
  afterAll(() => s.stop());

  const put = (tenants: Made[]) =>
    s.db.transaction([], async (tx) => {
      const writes = tenants.map(({ key, ...set }) => {
        const rest = { status: "active" as const, plan: null, addOns: [], createdAt: now };
        const change: TenantChange = { action: "tenant.created", key, set: { ...set, ...rest }, grants: [], at: now, why: null };
        return { before: null, change };
      });
      return writeTenantChanges(tx, s.db.tables, writes, ada);
    });
  const found = (query: string, max = 1_000) => searchTenantKeys(s.db.readAside, s.db.tables, wordsOf(query), max);

  test("the exact key comes first, then names and keys that begin so, then starts of words, then the rest", async () => {
    const named = (key: string, name: string, metadata = {}) => ({ key, name, metadata });
    await put([
      named("rest", "The Kragen"),
      named("in-metadata", "Owned", { owner: "agent" }),
      named("inner", "Big-Agency"),
      named("word", "Old Agora"),
      named("agx", "Prefix of the key"),
      named("prefix", "Agile"),
      named("ag", "The key"),
    ]);
    const order = await found("AG");
    expect(order.slice(0, 3)).toEqual(["ag", "prefix", "agx"]);
    expect(new Set(order.slice(3, 6))).toEqual(new Set(["word", "inner", "in-metadata"]));
    expect(order.slice(6)).toEqual(["rest"]);
    expect(await found("ag", 4)).toEqual(order.slice(0, 4));
  });

  test("search finds exactly the tenants that hold all words in any order, in every script", async () => {
    const tenants = fc.sample(tenant, { numRuns: 400, seed: 7 }).map((one, i): Made => ({ ...one, key: `made-${i}` }));
    await put(tenants);
    const part = fc
      .tuple(fc.constantFrom(...tenants), fc.nat(12), fc.integer({ min: 1, max: 5 }))
      .map(([{ name, metadata }, from, length]) => [...`${name} ${Object.values(metadata).join(" ")}`].slice(from, from + length).join(""));
    const query = fc.array(fc.oneof({ weight: 5, arbitrary: part }, text), { minLength: 1, maxLength: 3 }).map((parts) => parts.join(" "));
    let hits = 0;
    await fc.assert(
      fc.asyncProperty(query, fc.constantFrom("NFC", "NFD"), async (asked, form) => {
        fc.pre(wordsOf(asked).length > 0);
        const expected = naiveSearch(tenants, asked);
        hits += expected.length;
        const made = (await found(asked.normalize(form))).filter((key) => key.startsWith("made-"));
        expect(made.sort()).toEqual(expected.sort());
      }),
      { numRuns: 300, seed: 11 },
    );
    expect(hits).toBeGreaterThan(300);
  });

  test("a change that is rolled back leaves nothing to find, and a renamed tenant is found by its new name only", async () => {
    const make = (name: string) => put([{ key: "renamed", name, metadata: {} }]);
    await expect(
      s.db.transaction([], async (tx) => {
        const set = { name: "Quixotic", status: "active" as const, plan: null, addOns: [], metadata: {}, createdAt: now };
        const change: TenantChange = { action: "tenant.created", key: "renamed", set, grants: [], at: now, why: null };
        await writeTenantChanges(tx, s.db.tables, [{ before: null, change }], ada);
        throw new Error("rolled back");
      }),
    ).rejects.toThrow("rolled back");
    expect(await found("quixotic")).toEqual([]);
    await make("Quixotic");
    expect(await found("quixo")).toEqual(["renamed"]);
    await make("Zephyrine");
    expect(await found("quixo")).toEqual([]);
    expect(await found("zephyr")).toEqual(["renamed"]);
  });
});
