import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { day } from "~/core/time";
import { type Api, startApi } from "../support/api";
import { feature, now, plan } from "../support/facts";
import { engines } from "../support/services";

type Entry = { seq: number; at: string; action: string; subject: string };

describe.each(engines)("GET /api/audit on %s", (engine) => {
  let api: Api;
  beforeAll(async () => {
    api = await startApi(engine);
    await api.catalogue([feature("sso"), feature("sso.extra")], [plan("starter", {})]);
    await api.tenant("acme", { plan: "starter" });
    await api.tenant("globex", { plan: "starter" });
    api.services.clock.now = now + day;
    await api.send("POST", "/api/tenants/acme/grants", { kind: "trial", feature: "sso", endsAt: iso(3), note: "Asked by phone" });
    await api.send("POST", "/api/tenants/globex/grants", { kind: "trial", feature: "sso.extra", endsAt: iso(3) });
  });
  afterAll(() => api.stop());

  const iso = (days: number) => new Date(now + days * day).toISOString();
  const list = async (query: Record<string, string>): Promise<{ items: Entry[]; next: string | null; status: number }> => {
    const answer = await api.get(`/api/audit?${new URLSearchParams(query)}`, api.keys.manage);
    return { status: answer.status, ...(await answer.json()) };
  };
  const subjects = async (query: Record<string, string>) => (await list(query)).items.map(({ action, subject }) => `${action} ${subject}`);

  test("finds entries by feature, text and time, and combines them", async () => {
    expect(await subjects({ feature: "sso" })).toEqual(["trial.granted acme", "catalogue.imported "]);
    expect(await subjects({ feature: "sso", after: iso(0.5) })).toEqual(["trial.granted acme"]);
    expect(await subjects({ search: "PHONE asked" })).toEqual(["trial.granted acme"]);
    expect(await subjects({ search: "phone", before: iso(1) })).toEqual([]);
    expect(await subjects({ subjectKind: "tenant", subject: "globex", after: iso(1) })).toEqual(["trial.granted globex"]);
  });

  test("pages through filtered entries with a cursor, each once", async () => {
    const all = await list({ subjectKind: "tenant" });
    const found: number[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page = await list({ subjectKind: "tenant", limit: "1", ...(cursor ? { cursor } : {}) });
      found.push(...page.items.map(({ seq }) => seq));
      cursor = page.next;
    }
    expect(found).toEqual(all.items.map(({ seq }) => seq));
    expect(found.length).toBe(4);
  });

  test("refuses what it cannot read with the parameter's name", async () => {
    const bad: Record<string, string>[] = [
      { after: "2026-11-20" },
      { feature: "no key!" },
      { search: "x".repeat(201) },
      { signIns: "maybe" },
    ];
    for (const query of bad) {
      const refused = (await list(query)) as unknown as { status: number; errors: { field: string }[] };
      expect([query, refused.status, refused.errors.map(({ field }) => field)]).toEqual([query, 400, Object.keys(query)]);
    }
  });
});
