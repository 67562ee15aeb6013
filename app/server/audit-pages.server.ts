import type { z } from "zod";
import { leaves, legible, onlyDifferent } from "~/core/audit-words";
import type { Catalogue } from "~/core/catalogue";
import type { Actor } from "~/core/model";
import type { auditQuery } from "~/forms/api-queries";
import type { AuditQuery } from "~/forms/audit-filter";
import { type AuditRow, listAudit } from "~db/store/audit.server";
import { auditedActions, auditedActors, findAudit } from "~db/store/audit-queries.server";
import { catalogueNow } from "./catalogue-pages.server";
import type { Services } from "./services.server";

const pageSize = 50;
/** Values of one entry that a list shows; an import changes thousands, which have a page of their own. */
const mostShown = 60;
/** Max values shown on the page of one entry; the API returns all. */
const maxOnPage = 1_000;

export type AuditEntryView = ReturnType<typeof entryOf>;

type Names = { catalogue: Catalogue; actors: readonly Actor[] };

/** What people call it: what the entry itself says, or what is known of it now. */
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
    /** How many values changed; those of more than `most` are left out. */
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
    entries: rows.slice(0, pageSize).map((row) => entryOf(row, { catalogue, actors }, mostShown)),
    /** What the next page begins before; null: these are the oldest. */
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

/** A page for programs, as it was written. */
export async function auditEntriesPage({ db }: Services, query: z.output<typeof auditQuery>) {
  const { cursor, limit, ...filter } = query;
  const rows = await listAudit(db.readAside, db.tables, filter, { before: cursor?.[0], size: limit + 1 });
  const entries = rows.slice(0, limit);
  return { entries, older: rows.length > limit ? (entries.at(-1)?.seq ?? null) : null };
}

export const auditEntryNumbered = ({ db }: Services, seq: number): Promise<AuditRow | null> => findAudit(db.readAside, db.tables, seq);
