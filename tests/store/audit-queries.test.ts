import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Actor } from "~/core/model";
import { type AuditEntry, listAudit, listAuditHeads, writeAudit } from "~db/store/audit.server";
import { auditedActions, auditedActors, findAudit, findAuditHead } from "~db/store/audit-queries.server";
import { now } from "../support/facts";
import { engines, startServices, type TestServices } from "../support/services";

describe.each(engines)("the audit log's filters on %s", (engine) => {
  let s: TestServices;
  beforeEach(async () => {
    s = await startServices(engine);
  });
  afterEach(() => s.stop());

  const entry = (actor: Actor, action: string): AuditEntry => ({ at: now, actor, action, subjectKind: "plan", subject: "team" });
  const write = (...entries: AuditEntry[]) => s.db.transaction([], (tx) => writeAudit(tx, s.db.tables, ...entries));
  const ada: Actor = { kind: "admin", id: "ad_2", name: "Ada" };
  const bob: Actor = { kind: "admin", id: "ad_10", name: "Bob" };
  const program: Actor = { kind: "api_key", id: "ad_2", name: "A program" };

  test("offer each actor once, by the newest name, and each action once", async () => {
    await write(entry(ada, "plan.updated"), entry(bob, "plan.archived"), entry(program, "plan.updated"), entry(ada, "plan.created"));
    await write(entry({ ...ada, name: "Ada Lovelace" }, "plan.updated"));
    const actors = await auditedActors(s.db.read, s.db.tables);
    expect(actors).toHaveLength(3);
    expect(actors).toEqual(expect.arrayContaining([{ ...ada, name: "Ada Lovelace" }, bob, program]));
    expect([...(await auditedActions(s.db.read, s.db.tables))].sort()).toEqual(["plan.archived", "plan.created", "plan.updated"]);
  });

  test("offer nothing while nothing was changed", async () => {
    expect(await auditedActors(s.db.read, s.db.tables)).toEqual([]);
    expect(await auditedActions(s.db.read, s.db.tables)).toEqual([]);
  });

  test("lists omit large documents, and small ones beyond the list's total", async () => {
    const change = (length: number): AuditEntry => ({
      ...entry(ada, "plan.updated"),
      before: { name: "é" },
      after: { name: "x".repeat(length) },
    });
    await write(change(10), change(40_000), ...Array.from({ length: 20 }, () => change(30_000)), entry(bob, "plan.archived"));
    const rows = await listAudit(s.db.read, s.db.tables, {}, { size: 100 });
    const listed = rows.map(({ isLarge, before, after }) => [isLarge, JSON.stringify(before).length, JSON.stringify(after).length]);
    const left = [true, "null".length, "null".length];
    const small = [false, 12, 30_011];
    expect(listed).toEqual([[false, 4, 4], ...Array(17).fill(small), ...Array(3).fill(left), left, [false, 12, 21]]);
    const heads = await listAuditHeads(s.db.read, s.db.tables, {}, { size: 100 });
    expect(heads).toEqual(rows.map(({ isLarge, before, after, ...head }) => head));
    const oldest = heads.at(-1);
    expect(await findAuditHead(s.db.read, s.db.tables, oldest?.seq ?? 0)).toEqual({ ...oldest, bytes: '{"name":"é"}'.length + 1 + 21 });
    expect(await findAuditHead(s.db.read, s.db.tables, 999_999)).toBeNull();
  });

  test("lead to entries that can be found again by their number", async () => {
    await write(entry(ada, "plan.updated"), entry(bob, "plan.archived"));
    const [newest] = await listAudit(s.db.read, s.db.tables, {}, { size: 1 });
    if (!newest) throw new Error("no entry was listed");
    const { isLarge, ...row } = newest;
    expect([isLarge, row.action]).toEqual([false, "plan.archived"]);
    expect(await findAudit(s.db.read, s.db.tables, row.seq)).toEqual(row);
    expect(await findAudit(s.db.read, s.db.tables, 999_999)).toBeNull();
  });
});
