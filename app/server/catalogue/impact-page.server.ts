import { setPlanEntries } from "~/core/catalogue/catalogue-changes";
import { archiveFeature, restoreFeature } from "~/core/catalogue/feature-changes";
import type { ImpactSource, TenantEffect } from "~/core/impact/impact-result";
import { tenantEffects } from "~/core/impact/impact-result";
import type { TenantEffectRow } from "~/core/impact/tenant-effects";
import type { ListCell, ListFile } from "~/core/list-file";
import type { Actor, CatalogueFacts } from "~/core/model";
import { shorten } from "~/core/text";
import type { CatalogueEdit } from "~/forms/catalogue/impact";
import { proposeCatalogue } from "~/server/changes/catalogue-change.server";
import { jobView } from "~/server/jobs/job-page.server";
import { findJob } from "~/server/jobs/job-reads.server";
import type { JobCreated } from "~/server/jobs/jobs.server";
import type { Services } from "~/server/services.server";
import { type ImpactPlace, listImpactTenants, readImpactCounts } from "~db/store/impacts.server";
import { readTenantNames } from "~db/store/tenant-documents.server";
import { createImpact } from "./impacts.server";

const rowsPerPage = 50;

/** Begins to look at a change that a page names, or says why it cannot be made. */
export async function startImpact(services: Services, actor: Actor, edit: CatalogueEdit): Promise<JobCreated> {
  await services.facts.look();
  const proposed = proposeCatalogue(services, actor, (facts, stamp) => {
    if (edit.kind === "cells") return setPlanEntries(facts, edit.cells, stamp);
    return edit.kind === "archive_feature" ? archiveFeature(facts, edit.feature, stamp) : restoreFeature(facts, edit.feature, stamp);
  });
  if (!proposed.ok) return proposed;
  const facts = services.facts.catalogueFacts();
  const features = proposed.change?.features ?? [];
  const source: ImpactSource = edit.kind === "cells" ? edit : { kind: "objects", features, plans: [] };
  return createImpact(services, actor, { title: titleOf(facts, edit), source });
}

const maxName = 60;

function titleOf(facts: CatalogueFacts, edit: CatalogueEdit): string {
  const nameIn = (list: readonly { key: string; name: string }[], key: string) =>
    shorten(list.find((one) => one.key === key)?.name ?? key, maxName);
  if (edit.kind !== "cells") return `${edit.kind === "archive_feature" ? "Archive" : "Restore"} ${nameIn(facts.features, edit.feature)}`;
  const [only, ...more] = edit.cells;
  if (!only || more.length > 0) return `Change ${edit.cells.length} cells of plans`;
  return `Change ${nameIn(facts.features, only.feature)} in ${nameIn(facts.plans, only.plan)}`;
}

/** An impact and its numbers so far. Null if there is none with that id. */
export async function readImpact({ db }: Pick<Services, "db">, id: string) {
  const job = await findJob({ db }, id);
  const counts = job && (await readImpactCounts(db.readAside, db.tables, id));
  // The job of an import keeps its file in the same place.
  return job && job.kind !== "catalogue_import" && counts ? { job, counts } : null;
}

/** `next`: the place of the last of the page, or null at the end. */
export async function impactTenantsAfter(
  { db }: Pick<Services, "db">,
  id: string,
  { effect, after, size }: { effect: TenantEffect; after?: ImpactPlace; size: number },
) {
  const found = await listImpactTenants(db.readAside, db.tables, id, { effect, after, size: size + 1 });
  const items = found.slice(0, size);
  const last = found.length > size ? items.at(-1) : undefined;
  return { items, next: last ? { checks: last.checks, tenant: last.tenant } : null };
}

/** An impact with one page of its tenants. Null if there is none with that id. */
export async function readImpactView(services: Services, id: string, query: { effect?: TenantEffect; after?: ImpactPlace }) {
  const { readAside: q, tables: t } = services.db;
  const found = await readImpact(services, id);
  if (!found) return null;
  const { job, counts } = found;
  // The first list that has tenants.
  const effect = query.effect ?? tenantEffects.find((one) => counts[one] > 0) ?? "loses";
  const { items: page, next } = await impactTenantsAfter(services, id, { effect, after: query.after, size: rowsPerPage });
  const names = await readTenantNames(
    q,
    t,
    page.map(({ tenant }) => tenant),
  );
  const { features } = services.facts.catalogue();
  const nameOf = (key: string) => features.get(key)?.name ?? key;
  const rows = page.map(({ tenant, checks, features, named }) => ({
    key: tenant,
    name: names.get(tenant) ?? null,
    checks,
    features,
    named: named.map(({ feature, was, is, used }) => ({ name: nameOf(feature), was, is, ...(used === undefined ? {} : { used }) })),
  }));
  return { job: jobView(services, job), counts, effect, rows, next };
}

const fileBatch = 1_000;

/** All tenants of an impact, in the order of its page. */
export function impactFile(services: Pick<Services, "db" | "facts">, id: string, only: TenantEffect | undefined): ListFile {
  const { readAside: q, tables: t } = services.db;
  async function* batches(): AsyncGenerator<ListCell[][]> {
    const { features } = services.facts.catalogue();
    for (const effect of only ? [only] : tenantEffects) {
      for (let after: ImpactPlace | undefined; ; ) {
        const rows: TenantEffectRow[] = await listImpactTenants(q, t, id, { effect, after, size: fileBatch });
        const keys = rows.map(({ tenant }) => tenant);
        const names = await readTenantNames(q, t, keys);
        yield rows.map((row) => [
          ...[row.tenant, names.get(row.tenant) ?? "", effect, row.features, row.checks],
          describeNamed(row, (key) => features.get(key)?.name ?? key),
        ]);
        const last = rows.at(-1);
        if (!last || rows.length < fileBatch) break;
        after = { checks: last.checks, tenant: last.tenant };
      }
    }
  }
  return { heads: ["tenant", "name", "effect", "features", "checks_30_days", "what"], batches: batches() };
}

function describeNamed({ named, features }: TenantEffectRow, nameOf: (key: string) => string): string {
  const texts = named.map(({ feature, was, is, checks, used }) => {
    const use = used === undefined ? "" : `, ${used} used`;
    return `${nameOf(feature)}: ${was ?? "nothing"} → ${is ?? "nothing"} (${checks} checks${use})`;
  });
  const more = features - named.length;
  return [...texts, ...(more > 0 ? [`${more} more`] : [])].join("; ");
}
