import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Actor } from "~/core/model";
import { type AuditEntry, listAudit, writeAudit } from "~db/store/audit.server";
import { auditedActions, auditedActors, findAudit } from "~db/store/audit-queries.server";
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

  test("lead to entries that can be found again by their number", async () => {
    await write(entry(ada, "plan.updated"), entry(bob, "plan.archived"));
    const [newest] = await listAudit(s.db.read, s.db.tables, {}, { size: 1 });
    expect(await findAudit(s.db.read, s.db.tables, newest?.seq ?? 0)).toEqual(newest);
    expect(await findAudit(s.db.read, s.db.tables, 999_999)).toBeNull();
  });
});
