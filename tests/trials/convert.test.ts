import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { grantBundle } from "~/core/grants/bundles";
import type { TenantFacts } from "~/core/model";
import { day } from "~/core/time";
import { paths } from "~/paths";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { readTenantFacts } from "~db/store/facts.server";
import { type Browser, startTestApp, type TestApp } from "../support/app";
import { ada } from "../support/facts";
import { fieldIn, textOf } from "../support/page-text";
import { overrideAs, putAs, seedCatalogue, trialAs } from "../support/tenant-world";

describe("the page of a conversion", () => {
  let app: TestApp;
  let admin: Browser;
  beforeAll(async () => {
    app = await startTestApp();
    await seedCatalogue(app);
    admin = await app.signIn("admin");
  });
  afterAll(() => app.close());

  let count = 0;
  async function onTrial(): Promise<{ key: string; grant: string }> {
    const key = `t${++count}`;
    await putAs(app, key, { name: `Tenant ${key}`, plan: "starter" });
    return { key, grant: await trialAs(app, key, "sso") };
  }
  const factsOf = async (key: string) => ((await readTenantFacts(app.services.db.read, app.services.db.tables, key)) ?? {}) as TenantFacts;

  test("the page shows what the plan changes, one press converts, and one undo takes back both", async () => {
    const { key, grant } = await onTrial();
    const page = paths.grantConvert(key, grant);
    for (const list of [paths.tenantGrants(key), paths.trials({ tab: "running" })])
      expect(await (await admin.get(list)).text()).toContain(`href="${page}"`);
    const html = await (await admin.get(page)).text();
    const words = await textOf(await admin.get(page));
    expect(words).toContain(`Tenant ${key} moves to Premium now, and the trial of Single sign-on ends.`);
    expect(words).toMatch(/Gains 1 feature.*Audit trail/);
    const done = await admin.post(page, { plan: "premium", expected: fieldIn(html, "expected") ?? "", note: "Signed" });
    expect([done.status, done.headers.get("location")]).toEqual([302, paths.tenant(key)]);
    expect(await factsOf(key)).toMatchObject({ plan: "premium", grants: [] });
    const audit = await textOf(await admin.get(paths.tenantAudit(key)));
    expect(audit).toMatch(/converted the trial of Single sign-on.* to Premium/);
    const { audit: log } = app.services.db.tables;
    const rows = (await app.services.db.read.select().from(log)).filter(({ subject }) => subject === key);
    const entry = rows.find(({ action }) => action === "trial.converted");
    expect(rows.length).toBe(3);
    const undo = paths.auditUndo(entry?.seq as number);
    await admin.post(undo, { digest: fieldIn(await (await admin.get(undo)).text(), "digest") ?? "" });
    expect(await factsOf(key)).toMatchObject({ plan: "starter", grants: [{ kind: "trial", feature: "sso", endedAt: null }] });
  });

  test("what was changed since the preview is refused, and nothing is written", async () => {
    const { key, grant } = await onTrial();
    const page = paths.grantConvert(key, grant);
    const expected = fieldIn(await (await admin.get(page)).text(), "expected") ?? "";
    await putAs(app, key, { name: "Other name" });
    const refused = await admin.post(page, { plan: "premium", expected });
    expect(refused.status).toBe(409);
    expect(await textOf(refused)).toContain("was changed while you were editing");
    expect(await factsOf(key)).toMatchObject({ plan: "starter", grants: [{ endedAt: null }] });
  });

  test("a plan that does not include the feature is refused, and so are overrides and ended trials", async () => {
    const { key, grant } = await onTrial();
    expect(await textOf(await admin.get(paths.grantConvert(key, grant, "starter")))).toContain("is on Starter already.");
    expect(await textOf(await admin.get(paths.grantConvert(key, grant, "legacy")))).toContain("Legacy is archived");
    await admin.post(paths.grantEnd(key, grant), {});
    expect(await textOf(await admin.get(paths.grantConvert(key, grant)))).toContain("This trial is over already.");
    const override = await overrideAs(app, key, { feature: "sso", effect: "allow", endsAt: null });
    expect(await textOf(await admin.get(paths.grantConvert(key, override)))).toContain("Only a trial converts to a plan.");
    const epics = await trialAs(app, key, "branding", { value: "red" });
    expect(await textOf(await admin.get(paths.grantConvert(key, epics)))).toContain("No other plan includes");
  });

  test("a bundle is one line of the tenant's grants, and ends, converts and comes back as one", async () => {
    const { key } = await onTrial();
    const done = await changeTenant(app.services, key, ada, (facts, catalogue, stamp) =>
      grantBundle(facts as TenantFacts, { plan: "premium", endsAt: stamp.now + 14 * day }, catalogue, stamp),
    );
    const [first] = done.ok ? (done.change?.grants ?? []) : [];
    const words = await textOf(await admin.get(paths.tenantGrants(key)));
    expect(words.match(/Bundle Premium/g)?.length).toBe(1);
    expect(words).toContain("2 features: API calls and Audit trail");
    const all = await textOf(await admin.get(paths.trials({ tab: "running", q: key })));
    expect([all.match(/Bundle Premium/g)?.length, all]).toEqual([1, expect.stringContaining("Bundle Premium 2 features")]);
    expect(await textOf(await admin.get(paths.trials({ tab: "running", q: key, feature: "audit.log" })))).toContain(
      "Audit trail Part of the bundle Premium",
    );
    expect(await textOf(await admin.get(paths.tenantAudit(key)))).toContain("granted a trial of the bundle Premium (2 features)");
    await admin.post(paths.grantEnd(key, first?.id ?? ""), {});
    expect((await factsOf(key)).grants.map(({ feature }) => feature)).toEqual(["sso"]);
    const { audit: log } = app.services.db.tables;
    const ended = (await app.services.db.read.select().from(log)).findLast(({ action }) => action === "trial.ended");
    const undo = paths.auditUndo(ended?.seq as number);
    await admin.post(undo, { digest: fieldIn(await (await admin.get(undo)).text(), "digest") ?? "" });
    expect((await textOf(await admin.get(paths.tenantGrants(key)))).match(/2 features: API calls and Audit trail/g)?.length).toBe(2);
  });
});
