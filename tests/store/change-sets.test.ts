import { asc } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { catalogueChange } from "~/core/catalogue/catalogue-changes";
import { putTenant, type TenantForm } from "~/core/decision/changes";
import { grantTrial } from "~/core/grants/grant-changes";
import type { Actor, TenantFacts } from "~/core/model";
import { day } from "~/core/time";
import { changeCatalogue, changeMany } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { createKey } from "~/server/keys/api-keys.server";
import { rotateKey } from "~/server/keys/key-rotation.server";
import { readCatalogueFactsAt, readTenantFactsAt } from "~db/store/facts.server";
import { ada, feature, plan } from "../support/facts";
import { engines, startServices, type TestServices } from "../support/services";

describe.each(engines)("change sets on %s", (engine) => {
  let s: TestServices;
  beforeEach(async () => {
    s = await startServices(engine);
    await changeCatalogue(s, ada, (_facts, stamp) => ({
      ok: true,
      change: catalogueChange("catalogue.imported", { features: [feature("sso")], plans: [plan("basic")] }, stamp, null),
    }));
  });
  afterEach(() => s.stop());

  const put = (key: string, form: TenantForm = {}, actor: Actor = ada) =>
    changeTenant(s, key, actor, (facts, catalogue, stamp) => putTenant(facts, key, form, catalogue, stamp));
  const rows = () => s.db.read.select().from(s.db.tables.audit).orderBy(asc(s.db.tables.audit.seq));
  const newest = async (count: number) => (await rows()).slice(-count);

  test("separate acts have separate sets, even if one transaction writes them", async () => {
    await Promise.all([put("a"), put("b"), put("c")]);
    const sets = (await rows()).map((row) => row.changeSet);
    expect(sets).not.toContain(null);
    expect(new Set(sets).size).toBe(4);
  });

  test("an act on several tenants and the catalogue has one set", async () => {
    await changeMany(s, ada, ["a", "b"], (catalogue, tenants, stamp) => ({
      ok: true,
      change: {
        catalogue: catalogueChange("catalogue.imported", { features: [feature("api")] }, stamp, null),
        tenants: [...tenants].map(([key, before]) => {
          const outcome = putTenant(before, key, {}, s.facts.catalogue(), stamp);
          if (!outcome.ok || !outcome.change || catalogue.revision === 0) throw new Error("nothing to write");
          return { before, change: outcome.change };
        }),
      },
    }));
    const written = await newest(3);
    expect(written.map((row) => row.subjectKind).sort()).toEqual(["feature", "tenant", "tenant"]);
    expect(new Set(written.map((row) => row.changeSet)).size).toBe(1);
  });

  test("changes keep the set that their actor names", async () => {
    const job = { ...ada, changeSet: "job_1" };
    await put("a", {}, job);
    await put("b", {}, job);
    expect((await newest(2)).map((row) => row.changeSet)).toEqual(["job_1", "job_1"]);
  });

  test("both entries of a key's rotation have one set, and no revision", async () => {
    const { id } = await createKey(s, ada, { name: "App", scopes: ["check"], expiresAt: null });
    await rotateKey(s, ada, id);
    const [made, rotated] = await newest(2);
    expect(made?.changeSet).toBe(rotated?.changeSet);
    expect([made?.revision, rotated?.revision]).toEqual([null, null]);
  });

  test("an entry's revision is that of the document it made", async () => {
    await put("a", { name: "A" });
    await changeTenant(s, "a", ada, (facts, catalogue, stamp) =>
      grantTrial(facts as TenantFacts, { features: [{ feature: "sso" }], endsAt: stamp.now + day }, catalogue, stamp),
    );
    const [catalogue, created, granted] = await rows();
    const { read, tables } = s.db;
    expect((await readCatalogueFactsAt(read, tables, catalogue?.revision as number))?.features).toHaveLength(1);
    expect(await readTenantFactsAt(read, tables, "a", created?.revision as number)).toMatchObject({ name: "A", grants: [] });
    expect((await readTenantFactsAt(read, tables, "a", granted?.revision as number))?.grants).toHaveLength(1);
  });
});
