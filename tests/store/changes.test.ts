import { afterEach, expect, test } from "vitest";
import { appendChange, appendTenantChanges, changesReader } from "~db/store/changes.server";
import { engines, startServices } from "../support/services";

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

test.each(engines)("the feed on %s tells all that was touched, oldest first, and what of it is about no tenant", async (engine) => {
  const s = await startServices(engine);
  stops.push(s.stop);
  const { db } = s;
  const readChanges = changesReader(db.read, db.tables);
  expect(await readChanges(0)).toEqual({ seqs: [], subjects: [], others: [] });
  const keys = Array.from({ length: 3_000 }, (_, i) => `"${i}\\ 'ä', {}`);
  await db.transaction([], async (tx) => {
    await appendTenantChanges(tx, db.tables, keys, s.now());
    await appendChange(tx, db.tables, "key", "key_1", s.now());
    await appendChange(tx, db.tables, "catalogue", "", s.now());
    await appendChange(tx, db.tables, "tenant", "key_1", s.now());
  });
  const { seqs, subjects, others } = await readChanges(0);
  expect(subjects).toEqual([...keys, "key_1", "", "key_1"]);
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  expect(new Set(seqs).size).toBe(subjects.length);
  expect(others).toEqual([
    { seq: seqs.at(-3), kind: "key" },
    { seq: seqs.at(-2), kind: "catalogue" },
  ]);
  const rest = await readChanges(seqs.at(-2) as number);
  expect(rest).toEqual({ seqs: seqs.slice(-1), subjects: ["key_1"], others: [] });
});
