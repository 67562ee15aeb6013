import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { day } from "~/core/time";
import { maxUnreadCounted, readAllUpTo, readNotices, readOne, unreadNotices } from "~/server/notices/notices.server";
import { insertAdmin } from "~db/store/admins.server";
import { insertNotices, maxKeptNotices } from "~db/store/notices.server";
import { engines, startServices, type TestServices } from "../support/services";

describe.each(engines)("notices on %s", (engine) => {
  let s: TestServices;
  beforeEach(async () => {
    s = await startServices(engine);
    for (const id of ["ann", "bob"]) {
      const admin = { id, email: `${id}@example.com`, name: id, role: "viewer" as const, createdBy: "test", passwordHash: "none" };
      await s.db.transaction([], (tx) => insertAdmin(tx, s.db.tables, { ...admin, createdAt: new Date(s.clock.now) }));
    }
  });
  afterEach(() => s.stop());

  const add = (count: number) => {
    const list = Array.from({ length: count }, (_, i) => ({ kind: "job_failed" as const, at: s.clock.now, text: `Job ${i}`, about: null }));
    return s.db.transaction([], (tx) => insertNotices(tx, s.db.tables, list, s.clock.now));
  };
  const unread = (who: string) => unreadNotices(s, who);
  const first = async (who: string) => (await readNotices(s, who, {})).notices;

  test("each person reads for themselves, one notice or all that they were shown", async () => {
    await add(3);
    expect([await unread("ann"), await unread("bob")]).toEqual([3, 3]);
    const [newest, second] = await first("ann");
    await readOne(s, "ann", second?.seq ?? 0);
    await readOne(s, "ann", second?.seq ?? 0);
    expect((await first("ann")).map(({ isRead }) => isRead)).toEqual([false, true, false]);
    await add(1);
    await readAllUpTo(s, "ann", newest?.seq ?? 0);
    expect([await unread("ann"), await unread("bob")]).toEqual([1, 4]);
    expect((await first("bob")).every(({ isRead }) => !isRead)).toBe(true);
  });

  test("an earlier mark never makes read notices unread, and one beyond the newest marks no later ones", async () => {
    await add(2);
    const [newest, oldest] = await first("ann");
    await readAllUpTo(s, "ann", newest?.seq ?? 0);
    await readAllUpTo(s, "ann", oldest?.seq ?? 0);
    expect(await unread("ann")).toBe(0);
    await readAllUpTo(s, "ann", Number.MAX_SAFE_INTEGER);
    await add(1);
    expect(await unread("ann")).toBe(1);
  });

  test("the count of unread notices ends at its bound, and pages have an end", async () => {
    await add(maxUnreadCounted + 20);
    expect(await unread("ann")).toBe(maxUnreadCounted);
    const page = await readNotices(s, "ann", {});
    const older = await readNotices(s, "ann", { before: page.next ?? 0 });
    expect([page.notices.length, older.notices[0]?.text]).toEqual([20, `Job ${maxUnreadCounted + 20 - 21}`]);
  });

  test("notices, deliveries and read marks are deleted after 30 days, and notices beyond the last 10,000", async () => {
    await add(2);
    const [one] = await first("ann");
    await readOne(s, "ann", one?.seq ?? 0);
    s.clock.now += 30 * day;
    await s.cleaning.clean();
    expect((await first("ann")).length).toBe(2);
    s.clock.now += 1;
    await s.cleaning.clean();
    expect((await first("ann")).length).toBe(0);
    expect(await s.db.read.select().from(s.db.tables.noticeReads)).toEqual([]);
    await add(maxKeptNotices + 5);
    await s.cleaning.clean();
    expect((await s.db.read.select().from(s.db.tables.notices)).length).toBe(maxKeptNotices);
  });
});
