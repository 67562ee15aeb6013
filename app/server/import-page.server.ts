import type { Diff, DiffLine } from "~/core/catalogue-import";
import type { ChangeEffects } from "~/core/effect-words";
import { isEmptyDiff, summaryOf } from "~/core/import-words";
import type { Actor, Feature } from "~/core/model";
import type { ImportDiff } from "~/core/tenant-import";
import { type BadFile, problemLines } from "~/forms/catalogue-file";
import { readSentFile, type SentFile } from "~/forms/import";
import { findingsOfTies, isTied } from "./feature-ties.server";
import { applyFile, previewFile } from "./import.server";
import { readUpload } from "./import-upload.server";
import type { Services } from "./services.server";

/** Lines of one list that a page shows; a file may name a hundred thousand tenants. */
const mostLines = 500;

export type DiffSection = { title: string; kind: keyof Diff | "skipped"; lines: DiffLine[]; more: number };

export type ImportPage =
  /** `text`: what was pasted, or travels on to the next step. */
  | { step: "refused"; name: string; text: string; problems: string[] }
  | {
      step: "preview";
      name: string;
      text: string;
      revision: number;
      summary: string | null;
      sections: DiffSection[];
      moved: boolean;
      /** Of flags that features are to be tied to. */
      warnings: Finding[];
      effects: ChangeEffects | null;
    }
  | { step: "applied"; name: string; summary: string };

/** Throws the answer for a body that is refused. */
export const readImportForm = async (request: Request): Promise<SentFile> => readSentFile(await readUpload(request));

type Sent = Extract<SentFile, { ok: true }>;

export async function showImport(services: Services, { name, text }: Sent, signal: AbortSignal, moved = false): Promise<ImportPage> {
  const preview = await previewFile(services, { name, text }, { withEffects: true, signal });
  if (!preview.ok) return refusedPage(preview, text);
  const { diff, revision, tied, effects } = preview;
  const summary = isEmptyDiff(diff) ? null : summaryOf(diff);
  const warnings = await warningsOf(services, tied);
  return { step: "preview", name, text, revision, summary, sections: sectionsOf(diff), moved, warnings, effects };
}

type Finding = { code: string; says: string; todo: string };

async function warningsOf(services: Services, tied: Feature[]): Promise<Finding[]> {
  const ties = await findingsOfTies(services, tied.filter(isTied));
  const all = ties.flatMap(({ feature, findings }) =>
    findings.map((f) => ({ ...f, code: `${feature.key} ${f.code}`, says: `${feature.name}: ${f.says}` })),
  );
  return all.slice(0, mostLines);
}

/** Applies what was shown. When the catalogue has moved on since, it is shown again instead. */
export async function applySent(services: Services, sent: Sent, actor: Actor, signal: AbortSignal): Promise<ImportPage> {
  const { name, text, revision } = sent;
  const done = await applyFile(services, { name, text }, actor, { expectedRevision: revision });
  if (done.ok) return { step: "applied", name, summary: done.changed ? summaryOf(JSON.parse(done.diffText)) : "changes nothing" };
  // What is not about a line of the file is about the catalogue.
  return done.problems.some(({ line }) => line === null) ? showImport(services, sent, signal, true) : refusedPage(done, text);
}

const refusedPage = (bad: BadFile, text: string): ImportPage => ({ step: "refused", name: bad.name, text, problems: problemLines(bad) });

function sectionsOf({ features, plans, tenants }: ImportDiff): DiffSection[] {
  const section = (title: string, kind: DiffSection["kind"], lines: DiffLine[]): DiffSection[] =>
    lines.length === 0 ? [] : [{ title, kind, lines: lines.slice(0, mostLines), more: Math.max(0, lines.length - mostLines) }];
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
