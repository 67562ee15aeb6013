import type { z } from "zod";
import { activityPhrase, namesIn } from "~/core/audit/activity-phrase";
import { leaves, legible, onlyDifferent } from "~/core/audit/audit-documents";
import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Actor } from "~/core/model";
import type { auditQuery } from "~/forms/api-queries";
import type { AuditQuery } from "~/forms/audit/audit-filter";
import { catalogueNow } from "~/server/catalogue/catalogue-pages.server";
import type { Services } from "~/server/services.server";
import { type ListedAuditRow, listAudit } from "~db/store/audit.server";
import { auditedActions, auditedActors, findAudit, findAuditHead } from "~db/store/audit-queries.server";
import { readTenantNames } from "~db/store/tenant-documents.server";
import { auditEntryParts } from "./audit-entry-json.server";

const pageSize = 50;
/** Values of one entry shown in a list. An import changes thousands, which have their own page. */
const maxShown = 60;
/** Max values shown on the page of one entry, and max bytes that are read for it. The API returns all. */
const maxOnPage = 1_000;
const maxPageBytes = 256 * 1024;
/** An entry with more bytes is serialized by the worker process. */
const maxInPlaceBytes = 64 * 1024;

type Names = { catalogue: Catalogue; actors: readonly Actor[]; tenants: Map<string, string>; zone: string };

/** Returns the name stored in the entry, or the current one. */
function nameOf({ subjectKind, subject, before, after }: ListedAuditRow, { catalogue, actors, tenants }: Names): string {
  if (subjectKind === "tenant") return tenants.get(subject) ?? subject;
  if (subjectKind === "feature") return catalogue.features.get(subject)?.name ?? subject;
  if (subjectKind === "plan") return catalogue.plans.get(subject)?.name ?? subject;
  if (subjectKind !== "admin" && subjectKind !== "api_key") return subject;
  const said = (after as { name?: unknown } | null)?.name ?? (before as { name?: unknown } | null)?.name;
  return typeof said === "string" ? said : (actors.find((a) => a.kind === subjectKind && a.id === subject)?.name ?? subject);
}

function entryOf(row: ListedAuditRow, names: Names, most: number, isOwnPage = false) {
  const { seq, at, action, subjectKind, subject, why, isLarge } = row;
  const { before, after } = onlyDifferent(legible(row.before), legible(row.after));
  const values = Math.max(leaves(before), leaves(after));
  const subjectName = nameOf(row, names);
  return {
    seq,
    at: at.getTime(),
    actor: { kind: row.actorKind, id: row.actorId, name: row.actorName },
    address: row.address,
    action,
    subjectKind,
    subject,
    subjectName,
    phrase: activityPhrase(row, namesIn(names.catalogue, subjectName, names.zone), { isOwnPage }),
    why,
    /** The number of changed values, or null if they were not read because there are too many. More than `most` are omitted. */
    values: isLarge ? null : values,
    before: isLarge || values > most ? undefined : before,
    after: isLarge || values > most ? undefined : after,
  };
}

/** `zone` is the reader's. `isOwnPage`: the list is on its subject's page, which is not named again. */
export async function readAuditPage(
  services: Services,
  query: AuditQuery,
  { zone, isOwnPage = false }: { zone: string; isOwnPage?: boolean },
) {
  const { db } = services;
  const { catalogue } = await catalogueNow(services);
  const filter = { subjectKind: query.kind, subject: query.subject, actor: query.actor, action: query.action };
  const rows = await listAudit(db.readAside, db.tables, filter, { before: query.before, size: pageSize + 1 });
  const actors = await auditedActors(db.readAside, db.tables);
  const names = { catalogue, actors, tenants: await tenantNames(services, rows), zone };
  return {
    entries: rows.slice(0, pageSize).map((row) => entryOf(row, names, maxShown, isOwnPage)),
    /** Where the next page starts, or null on the last page. */
    older: rows.length > pageSize ? (rows[pageSize - 1]?.seq ?? null) : null,
    actors,
    actions: await auditedActions(db.readAside, db.tables),
    now: services.now(),
  };
}

/** The newest entries without sign-ins, as sentences. */
export async function recentActivity(services: Services, size: number, zone: string) {
  const { db } = services;
  const { catalogue } = await catalogueNow(services);
  // Sign-ins are many, so more are read than shown.
  const rows = (await listAudit(db.readAside, db.tables, {}, { size: size * 5 })).filter(({ action }) => !action.startsWith("admin.sign"));
  const shown = rows.slice(0, size);
  const names = { catalogue, actors: [], tenants: await tenantNames(services, shown), zone };
  return shown.map((row) => entryOf(row, names, 0));
}

export async function readAuditEntry(services: Services, seq: number, zone: string) {
  const { db } = services;
  const row = Number.isSafeInteger(seq) ? await readRow(services, seq) : null;
  if (!row) throw new Response("There is no such entry in the audit log.", { status: 404 });
  const { catalogue } = await catalogueNow(services);
  const actors = await auditedActors(db.readAside, db.tables);
  const names = { catalogue, actors, tenants: await tenantNames(services, [row]), zone };
  return { entry: entryOf(row, names, maxOnPage), now: services.now() };
}

async function tenantNames({ db }: Services, rows: readonly ListedAuditRow[]): Promise<Map<string, string>> {
  const keys = rows.flatMap(({ subjectKind, subject }) => (subjectKind === "tenant" ? [subject] : []));
  return readTenantNames(db.readAside, db.tables, [...new Set(keys)]);
}

/** Without its documents if they are too large for a page. */
async function readRow({ db }: Services, seq: number): Promise<ListedAuditRow | null> {
  const head = await findAuditHead(db.readAside, db.tables, seq);
  if (head === null) return null;
  const { bytes, ...row } = head;
  if (bytes > maxPageBytes) return { ...row, before: null, after: null, isLarge: true };
  const whole = await findAudit(db.readAside, db.tables, seq);
  return whole && { ...whole, isLarge: false };
}

/** The API's list, as stored, without large documents. */
export async function listAuditEntries({ db }: Services, query: z.output<typeof auditQuery>) {
  const { cursor, limit, ...filter } = query;
  const rows = await listAudit(db.readAside, db.tables, filter, { before: cursor?.[0], size: limit + 1 });
  const entries = rows.slice(0, limit);
  return { entries, older: rows.length > limit ? (entries.at(-1)?.seq ?? null) : null };
}

/** One entry as JSON with all of its documents, in parts, or null if there is none. */
export async function readAuditEntryParts({ db, background }: Services, seq: number, signal?: AbortSignal): Promise<Uint8Array[] | null> {
  const head = await findAuditHead(db.readAside, db.tables, seq);
  if (head === null) return null;
  if (head.bytes > maxInPlaceBytes && background.isOn()) return background.auditEntry(seq, signal);
  return auditEntryParts(db, seq);
}
