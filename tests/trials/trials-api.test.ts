import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { day, isoTime } from "~/core/time";
import { type Api, startApi } from "../support/api";
import { addOn, feature, now, plan } from "../support/facts";
import { engines } from "../support/services";

type Item = { tenant: string; state: string; grant: { id: string; kind: string; feature: string; endsAt: string | null } };
type Page = { items: Item[]; next: string | null };

describe.each(engines)("on %s", (engine) => {
  let api: Api;
  beforeAll(async () => {
    api = await startApi(engine);
    await api.catalogue([feature("sso"), feature("audit")], [plan("free"), plan("pro", { sso: true }), addOn("more", { audit: true })]);
    for (let i = 0; i < 12; i++) {
      const key = `t${String(i).padStart(2, "0")}`;
      await api.tenant(key, { plan: "free" });
      await api.trial(key, "sso", now + (1 + (i % 4)) * day);
      const override = {
        kind: "override",
        feature: "audit",
        effect: "allow",
        ...(i % 3 === 0 ? {} : { endsAt: isoTime(now + (2 + i) * day) }),
      };
      await api.send("POST", `/api/tenants/${key}/grants`, override);
    }
  });
  afterAll(() => api.stop());

  const page = async (query: string): Promise<Page> => (await api.get(`/api/grants?${query}`, api.keys.manage)).json();
  async function all(query: string, limit: number): Promise<Item[]> {
    const items: Item[] = [];
    let cursor = "";
    for (let i = 0; i < 100; i++) {
      const { items: some, next } = await page(`${query}&limit=${limit}${cursor}`);
      expect(some.length).toBeLessThanOrEqual(limit);
      items.push(...some);
      if (next === null) return items;
      cursor = `&cursor=${next}`;
    }
    throw new Error("The list does not end.");
  }

  test.each([1, 2, 5, 24, 200])("pages of %i list every grant once, the earliest end first and those without one last", async (limit) => {
    const items = await all("", limit);
    const ends = items.map(({ grant }) => (grant.endsAt === null ? Number.POSITIVE_INFINITY : Date.parse(grant.endsAt)));
    expect(new Set(items.map(({ grant }) => grant.id)).size).toBe(24);
    expect(ends).toEqual(ends.toSorted((a, b) => a - b));
    expect(ends.filter((end) => end === Number.POSITIVE_INFINITY)).toHaveLength(4);
  });

  test("each filter selects, alone and with others", async () => {
    expect(await all("kind=trial", 5)).toHaveLength(12);
    expect(await all("kind=override", 5)).toHaveLength(12);
    expect(await all("feature=audit&tenant=t03", 5)).toHaveLength(1);
    expect(await all("tenant=t03", 1)).toHaveLength(2);
    expect(await all("tenant=nobody", 1)).toEqual([]);
    expect(await all("state=upcoming", 5)).toEqual([]);
    expect(await all("createdBy=Ada&state=live", 5)).toHaveLength(12);
    expect(await all("createdBy=manage", 5)).toHaveLength(12);
    // The end is at or after the first instant and before the second.
    const bounds = `endsAfter=${isoTime(now + day)}&endsBefore=${isoTime(now + 2 * day)}`;
    expect((await all(bounds, 2)).map(({ tenant }) => tenant).sort()).toEqual(["t00", "t04", "t08"]);
  });

  test("what is wrong in a question is named, and a key without the right is refused", async () => {
    for (const [query, field] of [
      ["state=over", "state"],
      ["endsAfter=tomorrow", "endsAfter"],
      ["cursor=x", "cursor"],
      ["limit=0", "limit"],
    ]) {
      const answer = await api.get(`/api/grants?${query}`, api.keys.manage);
      expect([answer.status, (await answer.json()).field]).toEqual([400, field]);
    }
    const report = await api.get("/api/trials/report?from=2026-12&to=2026-11", api.keys.manage);
    expect([report.status, (await report.json()).field]).toEqual([400, "from"]);
    expect((await api.get("/api/trials/report?from=2026-13", api.keys.manage)).status).toBe(400);
    for (const path of ["/api/grants", "/api/trials/report"]) expect((await api.get(path, api.keys.check)).status).toBe(403);
  });

  test("the report says what came of trials, by page, and totals of all pages", async () => {
    await api.tenant("t00", { plan: "pro" });
    api.clock.now = now + 2 * day;
    await api.services.trials.sweep();
    const report = async (query: string) => (await api.get(`/api/trials/report?${query}`, api.keys.manage)).json();
    const sso = { granted: 12, used: 0, converted: 1, extended: 0, lapsed: 0, open: 5, running: 6, medianDaysToUse: null };
    expect(await report("")).toEqual({
      from: "2025-12",
      to: "2026-11",
      groupBy: "feature",
      computedAt: isoTime(api.clock.now),
      total: sso,
      items: [{ key: "sso", ...sso }],
      next: null,
    });
    await api.trial("t00", "audit");
    await api.services.trials.sweep();
    const first = await report("limit=1");
    expect(first.items.map(({ key }: { key: string }) => key)).toEqual(["audit"]);
    expect(first.total.granted).toBe(13);
    const second = await report(`limit=1&cursor=${first.next}`);
    expect([second.items[0].key, second.next, second.total]).toEqual(["sso", null, first.total]);
    expect((await report("groupBy=person")).items).toEqual([{ key: "Ada", ...first.total }]);
    expect((await report("groupBy=month&from=2026-11")).items).toEqual([{ key: "2026-11", ...first.total }]);
    expect((await report("from=2026-12&to=2026-12")).total.granted).toBe(0);
  });
});
