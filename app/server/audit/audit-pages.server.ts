import type { z } from "zod";
import { leaves, legible, onlyDifferent } from "~/core/audit/audit-words";
import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Actor } from "~/core/model";
import type { auditQuery } from "~/forms/api-queries";
import type { AuditQuery } from "~/forms/audit/audit-filter";
import { catalogueNow } from "~/server/catalogue/catalogue-pages.server";
import type { Services } from "~/server/services.server";
import { type AuditRow, listAudit } from "~db/store/audit.server";
import { auditedActions, auditedActors, findAudit } from "~db/store/audit-queries.server";

const pageSize = 50;
/** Values of one entry shown in a list. An import changes thousands, which have their own page. */
const maxShown = 60;
/** Max values shown on the page of one entry; the API returns all. */
const maxOnPage = 1_000;

type Names = { catalogue: Catalogue; actors: readonly Actor[] };

/** Returns the name stored in the entry, or the current one. */
function nameOf({ subjectKind, subject, before, after }: AuditRow, { catalogue, actors }: Names): string {
  if (subjectKind === "feature") return catalogue.features.get(subject)?.name ?? subject;
  if (subjectKind === "plan") return catalogue.plans.get(subject)?.name ?? subject;
  if (subjectKind !== "admin" && subjectKind !== "api_key") return subject;
  const said = (after as { name?: unknown } | null)?.name ?? (before as { name?: unknown } | null)?.name;
  return typeof said === "string" ? said : (actors.find((a) => a.kind === subjectKind && a.id === subject)?.name ?? subject);
}

function entryOf(row: AuditRow, names: Names, most: number) {
  const { seq, at, action, subjectKind, subject, why } = row;
  const { before, after } = onlyDifferent(legible(row.before), legible(row.after));
  const values = Math.max(leaves(before), leaves(after));
  return {
    seq,
    at: at.getTime(),
    actor: { kind: row.actorKind, id: row.actorId, name: row.actorName },
    address: row.address,
    action,
    subjectKind,
    subject,
    subjectName: nameOf(row, names),
    why,
    /** The number of changed values; entries with more than `most` omit them. */
    values,
    before: values > most ? undefined : before,
    after: values > most ? undefined : after,
  };
}

export async function readAuditPage(services: Services, query: AuditQuery) {
  const { db } = services;
  const { catalogue } = await catalogueNow(services);
  const filter = { subjectKind: query.kind, subject: query.subject, actor: query.actor, action: query.action };
  const rows = await listAudit(db.readAside, db.tables, filter, { before: query.before, size: pageSize + 1 });
  const actors = await auditedActors(db.readAside, db.tables);
  return {
    entries: rows.slice(0, pageSize).map((row) => entryOf(row, { catalogue, actors }, maxShown)),
    /** Where the next page starts, or null on the last page. */
    older: rows.length > pageSize ? (rows[pageSize - 1]?.seq ?? null) : null,
    actors,
    actions: await auditedActions(db.readAside, db.tables),
    now: services.now(),
  };
}

export async function readAuditEntry(services: Services, seq: number) {
  const { db } = services;
  const row = Number.isSafeInteger(seq) ? await findAudit(db.readAside, db.tables, seq) : null;
  if (!row) throw new Response("There is no such entry in the audit log.", { status: 404 });
  const { catalogue } = await catalogueNow(services);
  const actors = await auditedActors(db.readAside, db.tables);
  return { entry: entryOf(row, { catalogue, actors }, maxOnPage), now: services.now() };
}

export type AuditRecord = AuditRow;

/** The API's list, as stored. */
export async function listAuditEntries({ db }: Services, query: z.output<typeof auditQuery>) {
  const { cursor, limit, ...filter } = query;
  const rows = await listAudit(db.readAside, db.tables, filter, { before: cursor?.[0], size: limit + 1 });
  const entries = rows.slice(0, limit);
  return { entries, older: rows.length > limit ? (entries.at(-1)?.seq ?? null) : null };
}

export const auditEntryNumbered = ({ db }: Services, seq: number): Promise<AuditRow | null> => findAudit(db.readAside, db.tables, seq);
