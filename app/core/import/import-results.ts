import type { JobItem } from "~/core/jobs/job";
import { shorten } from "~/core/text";
import type { DiffLine, ListDiff } from "./catalogue-import";
import type { ImportDiff } from "./tenant-import";

/** Parameters of a job that imports a catalogue file. The file is stored apart, because it may have megabytes. */
export type CatalogueImportParams = {
  /** Of the file. */
  name: string;
  /** The import is refused unless the catalogue has one of these revisions. Absent: any revision. */
  revisions?: number[];
};

const maxMessageLength = 500;
const verbs = { added: "is new", changed: "changed", archived: "is archived", restored: "is restored" } as const;
const kinds = ["added", "changed", "archived", "restored"] as const;

const message = (text: string, { what }: DiffLine) =>
  shorten(what.length === 0 ? `${text}.` : `${text}: ${what.join("; ")}.`, maxMessageLength);

/** What an import did as results of its job: of the catalogue without a subject, and of each tenant. */
export function importItems({ features, plans, tenants }: ImportDiff): JobItem[] {
  const ofCatalogue = (noun: string, lists: ListDiff) =>
    kinds.flatMap((kind) =>
      lists[kind].map((line): JobItem => ({ subject: "", state: "done", message: message(`${noun} ${line.name} ${verbs[kind]}`, line) })),
    );
  const ofTenants = (lines: readonly DiffLine[], isNew: boolean) =>
    lines.map((line): JobItem => ({ subject: line.key, state: "done", message: message(isNew ? "Is new" : "Changed", line), isNew }));
  return [
    ...ofCatalogue("Feature", features),
    ...ofCatalogue("Plan or add-on", plans),
    ...ofTenants(tenants.added, true),
    ...ofTenants(tenants.changed, false),
    ...tenants.skipped.map(
      (over): JobItem => ({ subject: "", state: "skipped", message: shorten(`Left out, since it is over: ${over}.`, maxMessageLength) }),
    ),
  ];
}
