import { type ChangeEffects, isWorthShowing } from "~/core/catalogue/effect-words";
import type { DiffLine, ListDiff } from "~/core/import/catalogue-import";
import { isEmptyDiff, summaryOf } from "~/core/import/import-words";
import type { ImportDiff } from "~/core/import/tenant-import";
import type { Actor, Feature } from "~/core/model";
import { shorten } from "~/core/text";
import { type BadFile, problemLines } from "~/forms/import/catalogue-file-text";
import { readSentFile, type SentFile } from "~/forms/import/import";
import { readUpload } from "~/server/http/import-upload.server";
import type { Services } from "~/server/services.server";
import { type ScheduledTenants, tenantsScheduledFor } from "~db/store/scheduled-changes.server";
import { isLinked, linkFindingsOf } from "./feature-flags.server";
import { createImpact } from "./impacts.server";
import { applyFile, previewFile } from "./import.server";
import { startImport } from "./import-job.server";

/** Lines per list on a page; a file may name a hundred thousand tenants. */
const maxLines = 500;

/** Tenants named in a warning. */
const maxNamed = 20;

export type DiffSection = { title: string; kind: keyof ListDiff | "skipped"; lines: DiffLine[]; more: number };

export type ImportPage =
  /** `text` is the pasted text, passed on to the next step. */
  | { step: "refused"; name: string; text: string; problems: string[] }
  | {
      step: "preview";
      name: string;
      text: string;
      revision: number;
      summary: string | null;
      sections: DiffSection[];
      moved: boolean;
      /** About flags that features will be linked to. */
      warnings: Finding[];
      effects: ChangeEffects | null;
      /** The job that names the tenants; null if it could not begin, or no tenant may notice. */
      impact: string | null;
      /** Tenants that are scheduled to get a plan which the file archives. */
      scheduled: ScheduledTenants;
    }
  | { step: "applied"; name: string; summary: string }
  | { step: "queued"; job: string };

/** Throws the response for a body that is refused. */
export const readImportForm = async (request: Request): Promise<SentFile> => readSentFile(await readUpload(request));

type Sent = Extract<SentFile, { ok: true }>;

export async function showImport(
  services: Services,
  { name, text }: Sent,
  actor: Actor,
  signal: AbortSignal,
  moved = false,
): Promise<ImportPage> {
  const preview = await previewFile(services, { name, text }, { withEffects: true, signal });
  if (!preview.ok) return refusedPage(preview, text);
  const { diff, revision, tied: linked, effects } = preview;
  const summary = isEmptyDiff(diff) ? null : summaryOf(diff);
  const warnings = await warningsOf(services, linked);
  const archived = diff.plans.archived.map(({ key }) => key);
  const scheduled = await tenantsScheduledFor(services.db.readAside, services.db.tables, archived, maxNamed);
  const isNoticed = summary !== null && effects !== null && isWorthShowing(effects);
  const source = { kind: "file", name, text } as const;
  const created = isNoticed ? await createImpact(services, actor, { title: `Import of ${shorten(name, 60)}`, source }) : null;
  const impact = created?.ok ? created.job.id : null;
  return { step: "preview", name, text, revision, summary, sections: sectionsOf(diff), moved, warnings, effects, impact, scheduled };
}

type Finding = { code: string; says: string; todo: string };

async function warningsOf(services: Services, linked: Feature[]): Promise<Finding[]> {
  const ties = await linkFindingsOf(services, linked.filter(isLinked));
  const all = ties.flatMap(({ feature, findings }) =>
    findings.map((f) => ({ ...f, code: `${feature.key} ${f.code}`, says: `${feature.name}: ${f.says}` })),
  );
  return all.slice(0, maxLines);
}

/** A larger file is imported by a job, because a page must not wait for it: 64 KB are up to 2,300 tenants, which take 0.6 s. */
const maxCharactersWithoutJob = 64 * 1024;

/** Applies the previewed file, or queues it. If the catalogue changed since, shows a new preview instead. */
export async function applySent(services: Services, sent: Sent, actor: Actor, signal: AbortSignal): Promise<ImportPage> {
  const { name, text, revision } = sent;
  if (text.length > maxCharactersWithoutJob) {
    const queued = await startImport(services, { name, text }, actor, revision);
    if (queued.ok) return { step: "queued", job: queued.job.id };
    return { step: "refused", name, text, problems: [queued.message] };
  }
  const done = await applyFile(services, { name, text }, actor, { expectedRevision: revision });
  if (done.ok) return { step: "applied", name, summary: done.changed ? summaryOf(JSON.parse(done.diffText)) : "changes nothing" };
  // Problems without a line concern the catalogue.
  return done.problems.some(({ line }) => line === null) ? showImport(services, sent, actor, signal, true) : refusedPage(done, text);
}

const refusedPage = (bad: BadFile, text: string): ImportPage => ({ step: "refused", name: bad.name, text, problems: problemLines(bad) });

function sectionsOf({ features, plans, tenants }: ImportDiff): DiffSection[] {
  const section = (title: string, kind: DiffSection["kind"], lines: DiffLine[]): DiffSection[] =>
    lines.length === 0 ? [] : [{ title, kind, lines: lines.slice(0, maxLines), more: Math.max(0, lines.length - maxLines) }];
  const over = tenants.skipped.map((what) => ({ key: what, name: what, what: [] }));
  const kinds = ["archived", "changed", "restored", "added"] as const;
  return [
    ...kinds.flatMap((kind) => section("Plans and add-ons", kind, plans[kind])),
    ...kinds.flatMap((kind) => section("Features", kind, features[kind])),
    ...section("Tenants", "changed", tenants.changed),
    ...section("Tenants", "added", tenants.added),
    ...section("Grants that are over", "skipped", over),
  ];
}
