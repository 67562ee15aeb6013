import { compileCatalogue } from "~/core/catalogue/catalogue";
import { applyCatalogueChange, type CatalogueChange, catalogueChange, setPlanEntries } from "~/core/catalogue/catalogue-changes";
import { applyChange } from "~/core/decision/changes";
import type { CompiledChange } from "~/core/impact/catalogue-difference";
import type { ImpactParams, ImpactSource } from "~/core/impact/impact-result";
import { planWholeImport } from "~/core/import/tenant-import";
import type { Job } from "~/core/jobs/job";
import type { CatalogueFacts, Stamp, TenantFacts } from "~/core/model";
import { readCatalogueFile } from "~/forms/import/catalogue-file-text";
import type { Services } from "~/server/services.server";
import { readCurrentTenants } from "~db/store/current-tenants.server";
import { emptyCatalogue, readCatalogueFactsAt } from "~db/store/facts.server";
import { readImpactSource } from "~db/store/impacts.server";
import { compileChange } from "./impact.server";
import { createPace } from "./pace.server";

type Parts = Pick<Services, "db" | "newId">;

/** A change of the catalogue as it was when someone looked. `writes`: the tenants as the same change writes them. */
export type PinnedChange = { compiled: CompiledChange; writes: Map<string, TenantFacts>; hasFlags: boolean };

/** The change that an impact is about. Fails if it no longer fits what it was made for. */
export async function pinnedChange({ db, newId }: Parts, { id, params, createdAt, actor }: Job): Promise<PinnedChange> {
  const { revision, hasFlags } = params as ImpactParams;
  const { readAside: q, tables: t } = db;
  const source = await readImpactSource(q, t, id);
  const before = revision === 0 ? emptyCatalogue : await readCatalogueFactsAt(q, t, revision);
  if (!source || !before) throw new Error(`The change of the impact ${id} is gone.`);
  const stamp: Stamp = { now: createdAt, actor, newId };
  const { catalogue, writes } = await changeOf({ db }, source, before, stamp);
  const after = catalogue ? applyCatalogueChange(before, catalogue, before.revision) : before;
  return { compiled: await compileChange(before, after, createPace(undefined)), writes, hasFlags };
}

type Resolved = { catalogue: CatalogueChange | null; writes: Map<string, TenantFacts> };

async function changeOf({ db }: Pick<Parts, "db">, source: ImpactSource, before: CatalogueFacts, stamp: Stamp): Promise<Resolved> {
  const writes = new Map<string, TenantFacts>();
  if (source.kind === "objects") return { catalogue: catalogueChange("catalogue.imported", source, stamp, null), writes };
  if (source.kind === "cells") {
    const outcome = setPlanEntries(before, source.cells, stamp);
    if (!outcome.ok) throw new Error(outcome.message);
    return { catalogue: outcome.change, writes };
  }
  if (source.kind === "tenants") throw new Error("A bulk act finds what its own changes do.");
  const read = readCatalogueFile(source.name, source.text);
  if (!read.ok) throw new Error(read.problems[0]?.message);
  const keys = [...read.file.tenants.keys()];
  const current = await readCurrentTenants(db.readAside, db.tables, keys, () => compileCatalogue(before), stamp.now);
  const plan = planWholeImport(before, current.facts, read.file, stamp);
  if (!plan.ok) throw new Error(plan.problems[0]?.message);
  for (const { before: was, change } of plan.tenants) if (was) writes.set(change.key, applyChange(was, change, was.revision));
  return { catalogue: plan.catalogue, writes };
}
