import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import Sqlite from "better-sqlite3";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Json } from "~/core/model";
import { metadataEntries } from "~/core/tenants/metadata-entries";
import type { Database } from "~db/database";
import type { Engine } from "~db/dialect";
import { openDatabase } from "~db/open.server";
import { applyToCounters, lockCounters } from "~db/store/usage-counters.server";
import { readTotals, readTotalsAt } from "~db/store/usage-totals.server";
import { now } from "../support/facts";
import { engines, freshDatabaseUrl } from "../support/services";

const folder = (engine: Engine) => new URL(`../../drizzle/${engine}/`, import.meta.url);

/** What the version of the program whose last migration that was would have left behind. */
function statementsUpTo(engine: Engine, tag: string): string[] {
  const journal = JSON.parse(readFileSync(fileURLToPath(new URL("meta/_journal.json", folder(engine))), "utf8"));
  const entries = journal.entries as { tag: string; when: number }[];
  const last = entries.findIndex((entry) => entry.tag === tag);
  expect(last).toBeGreaterThanOrEqual(0);
  return [
    "create table latchkey_migrations (at bigint primary key, hash text not null)",
    ...entries
      .slice(0, last + 1)
      .flatMap(({ tag, when }) => [
        ...readFileSync(fileURLToPath(new URL(`${tag}.sql`, folder(engine))), "utf8").split("--> statement-breakpoint"),
        `insert into latchkey_migrations values (${when}, '${tag}')`,
      ]),
  ];
}

async function run(engine: Engine, url: string, statements: string[]): Promise<void> {
  if (engine === "sqlite") {
    const db = new Sqlite(url.slice("file:".length));
    for (const statement of statements) db.exec(statement);
    db.close();
    return;
  }
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

const awkwardTexts = [
  "a.b",
  'a"b',
  "a\\b",
  "a'b",
  "$",
  "#-1",
  "[0]",
  "1",
  "a b",
  "a\tb\n",
  "größe",
  "鍵",
  "🔑",
  "constructor",
  "__proto__",
];
const numbers = [0, -1.5, 0.1, 1e21, 5e-7, 2 ** 64, Number.MAX_SAFE_INTEGER, -1e-300];
const byName = (names: string[], value: (i: number) => Json): { [key: string]: Json } =>
  Object.fromEntries(names.map((name, i) => [name, value(i)]));
const numbered = (count: number) => Array.from({ length: count }, (_, i) => `k${i}`);
/** Metadata by tenant. */
const metadata: { [tenant: string]: { [key: string]: Json } } = {
  none: {},
  texts: byName(awkwardTexts, (i) => awkwardTexts.at(-i) ?? ""),
  numbers: byName(numbered(numbers.length), (i) => numbers[i] ?? 0),
  named: byName(awkwardTexts, () => 1e21),
  kinds: { yes: true, no: false, empty: "", null: null, list: [1], nested: { a: 1 }, texts: "true" },
  long: { ["k".repeat(100)]: "v".repeat(200), ["k".repeat(101)]: 1, value: "v".repeat(201), ["🔑".repeat(100)]: "🔑".repeat(200) },
  many: { first: null, ...byName(numbered(60), (i) => i) },
};

describe.each(engines)("a database of an older version on %s", (engine) => {
  let url: string;
  let remove: () => void;
  let db: Database | undefined;
  beforeEach(async () => {
    ({ url, remove } = await freshDatabaseUrl(engine));
  });
  afterEach(async () => {
    await db?.close();
    remove();
  });

  test("from before consumption had a history keeps its counters, and says of their past that nobody knows it", async () => {
    const [counted, hour] = [now - 3_600_000, 3_600_000];
    const instant = engine === "sqlite" ? counted : `'${new Date(counted).toISOString()}'`;
    await run(engine, url, [
      ...statementsUpTo(engine, "0007_flag_readings"),
      `insert into usage_totals (tenant, feature, period_start, used, updated_at) values ('acme', 'calls', 0, 7, ${instant})`,
    ]);
    db = await openDatabase(url);
    const { read, tables } = db;
    const counter = { feature: "calls", periodKind: "month" as const, periodStart: 0 };
    const usedAt = async (at: number) => (await readTotalsAt(read, tables, "acme", [counter], at, 0)).map(({ total }) => total?.sum);
    expect(await usedAt(counted - 1)).toEqual([undefined]);
    expect(await usedAt(counted)).toEqual([7n]);
    await db.transaction([], async (tx) => {
      const [locked] = await lockCounters(tx, tables, [{ tenant: "acme", ...counter }]);
      if (!locked) throw new Error("The counter is missing.");
      await applyToCounters(tx, tables, [{ locked, events: [{ action: "add", quantity: 3, at: now }] }], now);
    });
    expect(await usedAt(counted - hour)).toEqual([undefined]);
    expect(await usedAt(now - 1)).toEqual([7n]);
    expect(await usedAt(now)).toEqual([10n]);
  });

  test("from before counters had a kind of period keeps each total under its feature's present kind", async () => {
    const at = engine === "sqlite" ? now : `'${new Date(now).toISOString()}'`;
    const settings = (resetPeriod: string) => JSON.stringify({ resetPeriod, soft: false, unit: null });
    await run(engine, url, [
      ...statementsUpTo(engine, "0008_usage_history"),
      ...["hour", "never"].map(
        (kind) =>
          `insert into features (key, name, type, settings, revision) values ('${kind}', '${kind}', 'metered', '${settings(kind)}', 1)`,
      ),
      `insert into usage_totals (tenant, feature, period_start, used, updated_at) values
        ('acme', 'hour', 3600000, 7, ${at}), ('acme', 'never', -1, 5, ${at}), ('acme', 'gone', 0, 2, ${at})`,
    ]);
    db = await openDatabase(url);
    const wanted = [
      { feature: "hour", periodKind: "hour" as const, periodStart: 3_600_000 },
      { feature: "never", periodKind: "never" as const, periodStart: -1 },
      { feature: "gone", periodKind: "month" as const, periodStart: 0 },
    ];
    const totals = await readTotals(db.read, db.tables, "acme", wanted);
    expect(new Map(totals.map((total) => [total.feature, total.sum]))).toEqual(
      new Map([
        ["hour", 7n],
        ["never", 5n],
        ["gone", 2n],
      ]),
    );
  });

  test("from before metadata was indexed gets the rows that new writes would add", async () => {
    const at = engine === "sqlite" ? now : `'${new Date(now).toISOString()}'`;
    const rows = Object.entries(metadata).map(
      ([key, fields]) => `('${key}', '${key}', 'active', '${JSON.stringify(fields).replaceAll("'", "''")}', '${key}', ${at}, 1)`,
    );
    await run(engine, url, [
      ...statementsUpTo(engine, "0020_find_trials_ended_early"),
      `insert into tenants (key, name, status, metadata, search_text, created_at, revision) values ${rows.join(", ")}`,
    ]);
    db = await openDatabase(url);
    const found = await db.read.select().from(db.tables.tenantMetadata);
    for (const [tenant, fields] of Object.entries(metadata)) {
      const entries = found.filter((row) => row.tenant === tenant).map(({ key, value }) => [key, value]);
      expect([tenant, new Map(entries as [string, string][])]).toEqual([
        tenant,
        new Map(metadataEntries(fields).map(({ key, value }) => [key, value])),
      ]);
    }
    const stats = await db.read.select().from(db.tables.tenantStats);
    expect(stats.map(({ tenant, trialsDueAt }) => [tenant, trialsDueAt?.getTime()]).sort()).toEqual(
      Object.keys(metadata)
        .map((tenant) => [tenant, 0])
        .sort(),
    );
  });
});
