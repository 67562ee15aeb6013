import { compileCatalogue } from "~/core/catalogue/catalogue";
import type { ChangeEffects } from "~/core/catalogue/effect-words";
import { type ImportDiff, planWholeImport, type WholeImport } from "~/core/import/tenant-import";
import type { Actor, CatalogueFacts, Feature, Stamp } from "~/core/model";
import { refuse } from "~/core/outcome";
import { type BadFile, type ReadFile, readCatalogueFile } from "~/forms/import/catalogue-file-text";
import { whyImportWaits } from "~/server/approvals/publication-approval.server";
import { RightWithdrawn, refusalOf } from "~/server/authority.server";
import { changeManyIn, endedBy } from "~/server/changes/catalogue-change.server";
import { type ActorOfAct, withAct } from "~/server/changes/change.server";
import { findInvalidatedGrants } from "~/server/changes/invalidated-grants.server";
import type { Services } from "~/server/services.server";
import { catalogueLock, type Queries } from "~db/database";
import { readCurrentTenants } from "~db/store/current-tenants.server";
import { readCatalogueFacts } from "~db/store/facts.server";
import { estimateEffects } from "./change-effects.server";

export { readCatalogueFile } from "~/forms/import/catalogue-file-text";

export type FileText = { name: string; text: string };
/** `tied`: features newly linked to a flag. `effects` is null if they were not requested. */
export type Previewed = { ok: true; diff: ImportDiff; revision: number; tied: Feature[]; effects: ChangeEffects | null } | BadFile;

type PreviewOptions = { withEffects?: boolean; hasFlags?: boolean; signal?: AbortSignal };

/**
 * What an import would do now, and the catalogue's revision that this was worked out from. Writes nothing. Files are read in the
 * background process: the YAML parser takes up to 10 ms for each 1,000 characters of a hostile file.
 */
export async function previewFile(services: Services, file: FileText, options: PreviewOptions = {}): Promise<Previewed> {
  const { withEffects = false, hasFlags = services.env.posthog !== null, signal } = options;
  const { background } = services;
  // Where there is no such process, as from the sources, it is done in place.
  if (background.isOn()) return background.preview(file, withEffects, hasFlags, signal);
  const read = readCatalogueFile(file.name, file.text);
  return read.ok ? previewImport(services, read, { withEffects, hasFlags, signal }) : read;
}

/** The catalogue revision of the preview; if several are given, any of them. */
export type ExpectedRevision = number | readonly number[] | undefined;

/** `diffText` is the diff as JSON: for ten thousand tenants it is a megabyte, serialized by the worker process. */
export type Applied = { ok: true; changed: boolean; diffText: string; revision: number } | BadFile;

/** Imports the whole file in one transaction, or nothing. */
export async function applyFile(
  services: Services,
  file: FileText,
  actor: Actor,
  options: { expectedRevision?: ExpectedRevision } = {},
): Promise<Applied> {
  const { db, facts, background } = services;
  if (background.isOn()) {
    const done = await db
      .holdWrites(() => background.import(file, actor, services.authority, options.expectedRevision))
      .catch((error) => {
        throw error instanceof RightWithdrawn ? refusalOf(error.authority, error.why) : error;
      });
    await facts.catchUpNow();
    return done;
  }
  const read = readCatalogueFile(file.name, file.text);
  if (!read.ok) return read;
  const done = await applyImport(services, read, actor, options);
  if (!done.ok) return done;
  const { diff, ...rest } = done;
  return { ...rest, diffText: JSON.stringify(diff) };
}

export async function previewImport(
  services: Services,
  read: ReadFile,
  { withEffects, hasFlags, signal }: PreviewOptions = {},
): Promise<Previewed> {
  const { db, now, newId } = services;
  const current = await readCatalogueFacts(db.readAside, db.tables);
  const at = now();
  const keys = [...read.file.tenants.keys()];
  const { facts: tenants } = await readCurrentTenants(db.readAside, db.tables, keys, () => compileCatalogue(current), at);
  const stamp: Stamp = { now: at, actor: { kind: "system", id: "preview", name: "Preview" }, newId };
  const plan = planWholeImport(current, tenants, read.file, stamp);
  if (!plan.ok) return read.refuse(plan.problems);
  const unfit = await refuseInvalidated(services, db.readAside, read, current, plan);
  if (unfit) return unfit;
  const proposed = { catalogue: plan.catalogue, tenants: plan.tenants };
  const effects = withEffects ? await estimateEffects(services, current, proposed, { hasFlags, signal }) : null;
  return { ok: true, diff: plan.diff, revision: current.revision, tied: newlyLinked(current, plan), effects };
}

function newlyLinked({ features }: CatalogueFacts, { catalogue }: WholeImport & { ok: true }): Feature[] {
  const before = new Map(features.map((f) => [f.key, f.flag]));
  return (catalogue?.features ?? []).filter(({ key, flag, archivedAt }) => {
    const had = before.get(key);
    return flag !== null && archivedAt === null && (had?.key !== flag.key || had.rule !== flag.rule);
  });
}

/** Refuses, with the line, a change that live grants no longer fit. */
async function refuseInvalidated(
  { db, now }: Pick<Services, "db" | "now">,
  q: Queries,
  read: ReadFile,
  current: CatalogueFacts,
  plan: WholeImport & { ok: true },
) {
  if (!plan.catalogue) return null;
  const unfit = await findInvalidatedGrants(q, db.tables, current, plan.catalogue, now(), endedBy(plan.tenants));
  return unfit ? read.refuse([{ path: ["features", unfit.feature.key, "config"], message: unfit.message }]) : null;
}

export type Imported = { ok: true; changed: boolean; diff: ImportDiff; revision: number } | BadFile;

type ImportOptions = { expectedRevision?: ExpectedRevision; why?: string };

export async function applyImport(services: Services, read: ReadFile, by: Actor, options: ImportOptions = {}): Promise<Imported> {
  const actor = withAct(services, by);
  const isBound = services.authority !== null;
  const { imported, onCommitted } = await services.db.transaction([catalogueLock], (tx) =>
    importIn(services, tx, read, actor, { ...options, isBound }),
  );
  onCommitted();
  return imported;
}

/**
 * As `applyImport`, in a transaction that has the catalogue's lock. `isBound`: whether approvals bind it. `onCommitted`
 * is for after its commit.
 */
export async function importIn(
  services: Pick<Services, "db" | "facts" | "now" | "newId" | "posthog">,
  tx: Queries,
  read: ReadFile,
  actor: ActorOfAct,
  { expectedRevision, why, isBound }: ImportOptions & { isBound: boolean },
): Promise<{ imported: Imported; onCommitted: () => void }> {
  const t = services.db.tables;
  let plan: WholeImport | undefined;
  let before: CatalogueFacts | undefined;
  const { result, onCommitted } = await changeManyIn(
    services,
    tx,
    actor,
    [...read.file.tenants.keys()],
    async (current, tenants, stamp) => {
      if (expectedRevision !== undefined && ![expectedRevision].flat().includes(current.revision)) {
        return refuse("stale", "the catalogue was changed since this was shown. Look at what the import would do now, then import again");
      }
      before = current;
      plan = planWholeImport(current, tenants, read.file, stamp, why ?? `Import of ${read.name}`);
      if (!plan.ok) return refuse("value_invalid", plan.problems[0]?.message ?? "the file cannot be imported");
      const { catalogue, tenants: writes } = plan;
      const waits = isBound ? await whyImportWaits(tx, t, current, plan, stamp.now) : null;
      if (waits) return waits;
      return { ok: true, change: catalogue || writes.length > 0 ? { catalogue, tenants: writes } : null };
    },
  );
  const done = (imported: Imported) => ({ imported, onCommitted });
  if (result.ok && plan?.ok) return done({ ok: true, changed: result.changed, diff: plan.diff, revision: result.facts.revision });
  if (plan && !plan.ok) return done(read.refuse(plan.problems));
  const unfit = plan && before && (await refuseInvalidated(services, tx, read, before, plan));
  if (unfit) return done(unfit);
  const message = result.ok ? "the file cannot be imported" : result.message;
  const needsApproval = !result.ok && result.code === "needs_approval" ? { needsApproval: true as const } : {};
  return done({ ok: false, name: read.name, problems: [{ line: null, message }], more: 0, ...needsApproval });
}
