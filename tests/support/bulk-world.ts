import type { BulkAct, BulkSelection } from "~/core/bulk/bulk-act";
import { catalogueChange } from "~/core/catalogue/catalogue-changes";
import { putTenant, type TenantForm } from "~/core/decision/changes";
import type { Job } from "~/core/jobs/job";
import type { Actor } from "~/core/model";
import { createBulk } from "~/server/bulk/bulk.server";
import { changeCatalogue, changeMany } from "~/server/changes/catalogue-change.server";
import type { Services } from "~/server/services.server";
import { listJobItems } from "~db/store/job-items.server";
import { readJob } from "~db/store/jobs.server";
import { addOn, feature, meteredFeature, plan } from "./facts";

export const operator: Actor = { kind: "cli", id: "test", name: "Operator" };

/** Two plans, an add-on and three features. */
export async function seedBulkCatalogue(services: Services) {
  const features = [
    feature("sso", { name: "SSO" }),
    feature("audit", { name: "Audit log" }),
    meteredFeature("calls", {}, { name: "Calls" }),
  ];
  const plans = [
    plan("free", { calls: 10 }, { name: "Free", rank: 1 }),
    plan("pro", { sso: true, calls: 100 }, { name: "Pro", rank: 2 }),
    addOn("more", { calls: 1000 }, { name: "More calls" }),
  ];
  await changeCatalogue(services, operator, (_facts, stamp) => ({
    ok: true,
    change: catalogueChange("catalogue.imported", { features, plans }, stamp, null),
  }));
}

export async function seedTenants(services: Services, tenants: [key: string, form: TenantForm][]) {
  const { compileCatalogue } = await import("~/core/catalogue/catalogue");
  const keys = tenants.map(([key]) => key);
  const done = await changeMany(services, operator, keys, (catalogue, before, stamp) => {
    const compiled = compileCatalogue(catalogue);
    const writes = tenants.flatMap(([key, form]) => {
      const outcome = putTenant(before.get(key) ?? null, key, form, compiled, stamp);
      if (!outcome.ok) throw new Error(outcome.message);
      return outcome.change ? [{ before: before.get(key) ?? null, change: outcome.change }] : [];
    });
    return { ok: true, change: { catalogue: null, tenants: writes } };
  });
  if (!done.ok) throw new Error(done.message);
}

export const tenantsNamed = (n: number, form: TenantForm = { plan: "free" }): [string, TenantForm][] =>
  Array.from({ length: n }, (_, i) => [`t${String(i).padStart(5, "0")}`, form]);

export async function queueBulk(
  services: Services,
  act: BulkAct,
  selection: BulkSelection,
  { isPreview = false, by = operator, note = null as string | null, reason = null as string | null } = {},
): Promise<Job> {
  const created = await createBulk(services, by, { act, selection, note, reason, isPreview });
  if (!created.ok) throw new Error(created.message);
  return created.job;
}

export const jobNow = async ({ db }: Services, { id }: Pick<Job, "id">): Promise<Job> => {
  const job = await readJob(db.read, db.tables, id);
  if (!job) throw new Error(`There is no job ${id}.`);
  return job;
};

export const itemsOf = ({ db }: Services, { id }: Pick<Job, "id">, size = 100_000) => listJobItems(db.read, db.tables, id, { size });
