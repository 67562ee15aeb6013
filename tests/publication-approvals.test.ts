import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noApprovals } from "~/core/approvals/approvals";
import { paths } from "~/paths";
import { saveApprovals } from "~/server/approvals/approval-rules.server";
import { editDraft, findDraft } from "~/server/catalogue/drafts.server";
import { type Api, ada, startApi } from "./support/api";
import { startTestApp, type TestApp } from "./support/app";
import { addOn, feature, meteredFeature, plan } from "./support/facts";
import { textOf } from "./support/page-text";
import { engines } from "./support/services";
import { putAs, seedCatalogue } from "./support/tenant-world";

describe.each(engines)("changes of the catalogue by programs that take something, on %s", (engine) => {
  let api: Api;
  beforeAll(async () => {
    api = await startApi(engine);
    await api.catalogue(
      [feature("sso"), meteredFeature("calls")],
      [plan("free", { calls: 10 }, { rank: 1 }), plan("team", { sso: true }, { rank: 2, includes: "free" }), addOn("boost", { calls: 5 })],
    );
    for (const key of ["a", "b"]) await api.tenant(key, { plan: "team" });
    await api.tenant("c", { plan: null, addOns: ["boost"] });
    await saveApprovals(api.services, ada, {
      ...noApprovals,
      publicationTenants: 1,
      bulkTenants: 2,
      trialDays: 30,
      endlessOverrides: true,
    });
  });
  afterAll(() => api.stop());
  const put = async (path: string, body: object, method: "PUT" | "POST" = "PUT") => {
    const response = await api.send(method, path, body);
    const { code, detail } = (await response.json()) as { code?: string; detail?: string };
    return { status: response.status, code, detail };
  };
  const importFile = async (file: object) => put("/api/catalogue/import", { latchkey: 1, ...file }, "POST");
  const entries = (key: string) => api.services.facts.catalogue().plans.get(key)?.entries.length;

  test("from up to so many tenants nobody else is needed", async () => {
    expect((await put("/api/plans/boost", { features: { calls: 4 } })).status).toBe(200);
    expect((await put("/api/plans/free", { features: { calls: 11, sso: true } })).status).toBe(200);
  });

  test("from more tenants it is refused and nothing is written, also where a plan inherits it or a feature is archived", async () => {
    expect(await put("/api/plans/free", { features: { calls: 10 } })).toEqual({
      status: 409,
      code: "needs_approval",
      detail:
        "This takes something from up to 2 tenants, and beyond 1 tenant it needs a second person. Make the change in a draft of the plans, which someone else then publishes.",
    });
    expect(await put("/api/features/calls/archive", {}, "POST")).toMatchObject({ status: 409, code: "needs_approval" });
    expect(
      await importFile({ features: { sso: {}, calls: { meter: { resetPeriod: "month" } } }, plans: { free: { features: { calls: 1 } } } }),
    ).toMatchObject({ status: 409, code: "needs_approval" });
    expect(entries("free")).toBe(2);
  });

  test("an import does not carry out what needs a second person elsewhere", async () => {
    const tenants = (more: object, keys = ["x"]) => ({ tenants: Object.fromEntries(keys.map((key) => [key, more])) });
    const at = (days: number) => new Date(api.clock.now + days * 86_400_000).toISOString();
    const needs = { status: 409, code: "needs_approval" };
    expect(await importFile(tenants({ plan: "free" }, ["x", "y", "z"]))).toMatchObject({
      ...needs,
      detail: "A change of more than 2 tenants needs a second person. An import cannot wait for one. Leave it out of the file.",
    });
    expect(await importFile(tenants({ grants: [{ trial: "sso", endsAt: at(31) }] }))).toMatchObject(needs);
    expect(await importFile(tenants({ grants: [{ allow: "sso" }] }))).toMatchObject(needs);
    expect(await importFile(tenants({ grants: [{ trial: "sso", endsAt: at(29) }] }))).toMatchObject({ status: 200 });
  });
});

describe("on pages", () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp();
    await seedCatalogue(app);
    for (const key of ["a", "b"]) await putAs(app, key, { name: key, plan: "premium" });
  });
  afterAll(() => app.close());

  test("an admin is refused, makes a draft, and a second person publishes it", async () => {
    const [owner, admin, other] = [await app.signIn("owner"), await app.signIn("admin", "adm_eve"), await app.signIn("admin", "adm_bob")];
    expect((await owner.post(paths.approvals(), { publicationTenants: "0" })).status).toBe(422);
    expect((await owner.post(paths.approvals(), { publicationTenants: "1" })).status).toBe(302);
    expect(await (await owner.get(paths.approvals())).text()).toMatch(/name="publicationTenants"[^>]*value="1"/);
    const has = () =>
      app.services.facts
        .catalogue()
        .plans.get("premium")
        ?.entries.some((entry) => entry.feature === "sso");
    const refused = await admin.post(`${paths.planCell("premium", "sso")}?gives=none&was=true`, { gives: "none", was: "true" });
    expect([refused.status, await textOf(refused)]).toEqual([
      409,
      expect.stringContaining("needs a second person. Make the change in a draft of the plans"),
    ]);
    const draft = await editDraft(app.services, { id: "adm_eve", name: "Eve" }, [{ plan: "premium", feature: "sso", value: null }]);
    if (!draft.ok) throw new Error(draft.message);
    const { id, version } = draft.draft;
    const publish = { intent: "publish", version: String(version) };
    const own = await admin.post(paths.draft(id), publish);
    expect([own.status, await textOf(own)]).toEqual([409, expect.stringContaining("needs a second person")]);
    expect([has(), (await findDraft(app.services, id))?.state]).toEqual([true, "open"]);
    expect((await other.post(paths.draft(id), publish)).status).toBe(302);
    expect([has(), (await findDraft(app.services, id))?.state]).toEqual([false, "published"]);
  });
});
