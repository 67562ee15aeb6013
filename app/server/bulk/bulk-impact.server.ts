import { type BulkAct, changesPlans } from "~/core/bulk/bulk-act";
import type { Catalogue } from "~/core/catalogue/catalogue";
import { applyChange } from "~/core/decision/changes";
import { type CompiledChange, sameCatalogue } from "~/core/impact/catalogue-difference";
import type { ShapeEffects } from "~/core/impact/impact";
import type { TenantFacts } from "~/core/model";
import { effectRowsOf, findAffected } from "~/server/catalogue/impact-rows.server";
import type { JobFindings } from "~/server/jobs/job-work";
import type { JobHooks } from "~/server/jobs/jobs.server";
import type { Services } from "~/server/services.server";
import { addImpactTenants, insertImpact, readImpactSource } from "~db/store/impacts.server";
import type { TenantWrite } from "~db/store/tenant-writes.server";

/** For the job of a preview: an act that changes plans also finds what its tenants gain and lose. */
export const previewHooks = ({ db, env }: Pick<Services, "db" | "env">, act: BulkAct): JobHooks =>
  changesPlans(act)
    ? { onCreated: (tx, at, { id }) => insertImpact(tx, db.tables, id, { kind: "tenants", hasFlags: env.posthog !== null }, at) }
    : {};

/** Finds what changes of tenants do to their answers, for the impact with the id of the preview's job. */
export function bulkImpact({ db }: Pick<Services, "db">, job: string, at: number) {
  const shapes: ShapeEffects = new Map();
  let compiled: CompiledChange | undefined;
  let source: ReturnType<typeof readImpactSource> | undefined;

  return async (changes: readonly TenantWrite[], catalogue: Catalogue): Promise<JobFindings["write"]> => {
    source ??= readImpactSource(db.readAside, db.tables, job);
    const impact = await source;
    if (impact?.kind !== "tenants" || changes.length === 0) return undefined;
    // Remembered effects are those of one catalogue.
    if (compiled?.to !== catalogue) {
      compiled = sameCatalogue(catalogue);
      shapes.clear();
    }
    const tenants: TenantFacts[] = [];
    const writes = new Map<string, TenantFacts>();
    for (const { before, change } of changes) {
      if (!before) continue;
      tenants.push(before);
      writes.set(before.key, applyChange(before, change, before.revision));
    }
    const affected = await findAffected({ db }, { compiled, writes, hasFlags: impact.hasFlags }, tenants, at, shapes);
    const rows = await effectRowsOf({ db }, compiled, affected, at);
    return (tx) => addImpactTenants(tx, db.tables, job, rows);
  };
}
