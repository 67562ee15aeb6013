import type { z } from "zod";
import { namesIn } from "~/core/audit/activity";
import { activityPhrase } from "~/core/audit/activity-phrase";
import { leaves, legible, onlyDifferent, withTimes } from "~/core/audit/audit-documents";
import { changeLines } from "~/core/audit/change-lines";
import { signInActions } from "~/core/audit/sign-ins";
import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Actor, Json } from "~/core/model";
import { wordsOf } from "~/core/search/search-words";
import { shorten } from "~/core/text";
import { actToUndo } from "~/core/undo/undoable";
import { zonedDateTime } from "~/core/zoned-time";
import type { auditQuery } from "~/forms/api-queries";
import type { AuditQuery } from "~/forms/audit/audit-filter";
import { catalogueNow } from "~/server/catalogue/catalogue-pages.server";
import type { Services } from "~/server/services.server";
import type { ListedAuditRow } from "~db/store/audit.server";
import { auditedActions, auditedActors, findAudit, findAuditHead } from "~db/store/audit-queries.server";
import { type AuditSearch, searchAudit } from "~db/store/audit-search.server";
import { readTenantNames } from "~db/store/tenant-documents.server";
import { searchTenantKeys } from "~db/store/tenant-search.server";
import { auditEntryParts } from "./audit-entry-json.server";

const pageSize = 30;
/** Values of one entry shown in a list, so that a page stays under 150 kB of HTML. All are on the entry's own page. */
const maxShown = 4;
/** Shown on the page of one entry, and max bytes that are read for it. The API returns all. */
const maxLines = 200;
const maxValueCharacters = 500;
const maxDocumentCharacters = 20_000;
const maxPageBytes = 256 * 1024;
/** An entry with more bytes is serialized by the worker process. */
const maxInPlaceBytes = 64 * 1024;

type Names = { catalogue: Catalogue; actors: readonly Actor[]; tenants: Map<string, string>; zone: string };

/** Returns the name stored in the entry, or the current one. */
function nameOf({ subjectKind, subject, before, after }: ListedAuditRow, { catalogue, actors, tenants }: Names): string {
  if (subjectKind === "tenant") return tenants.get(subject) ?? subject;
  if (subjectKind === "feature") return catalogue.features.get(subject)?.name ?? subject;
  if (subjectKind === "plan") return catalogue.plans.get(subject)?.name ?? subject;
  if (subjectKind === "webhook") {
    const host = (after as { host?: unknown } | null)?.host ?? (before as { host?: unknown } | null)?.host;
    return typeof host === "string" ? host : subject;
  }
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
    /** Its kind can be undone. Whether this one still can is known on the page of its undo. */
    canUndo: actToUndo(action) !== null,
    /** The number of changed values, or null if they were not read because there are too many. More than `most` are omitted. */
    values: isLarge ? null : values,
    before: isLarge || values > most ? undefined : before,
    after: isLarge || values > most ? undefined : after,
  };
}

/** One page of the filtered log. `zone` is the reader's. */
export async function readAuditPage(services: Services, query: AuditQuery, zone: string) {
  const { db } = services;
  const { catalogue } = await catalogueNow(services);
  const search = await auditSearchOf(services, query);
  const { rows, next, searchedBackTo } = await searchAudit(db.readAside, db.tables, search, { before: query.before, size: pageSize });
  const actors = await auditedActors(db.readAside, db.tables);
  const names = { catalogue, actors, tenants: await tenantNames(services, rows), zone };
  return {
    entries: rows.map((row) => entryOf(row, names, maxShown)),
    /** Where the next page starts, or null on the last page. */
    older: next,
    searchedBackTo,
    actors,
    actions: await auditedActions(db.readAside, db.tables),
    features: featureChoices(catalogue, query.feature),
    /** False if the filter names a feature that the catalogue no longer has. */
    hasFeature: query.feature === undefined || catalogue.features.has(query.feature),
    now: services.now(),
  };
}

/** One page of a tenant's entries, sign-ins included: a tenant has none. The tenant is not named in each. */
export async function readTenantAudit(
  services: Services,
  tenant: { key: string; name: string },
  { before, zone }: { before: number | undefined; zone: string },
) {
  const { db } = services;
  const { catalogue } = await catalogueNow(services);
  const { rows, next } = await searchAudit(db.readAside, db.tables, ofTenant(tenant.key), { before, size: pageSize });
  const names = { catalogue, actors: [], tenants: new Map([[tenant.key, tenant.name]]), zone };
  return { entries: rows.map((row) => entryOf(row, names, maxShown, true)), older: next, now: services.now() };
}

const ofTenant = (key: string) => ({ subjectKind: "tenant" as const, subject: key });

/** Max features in the filter's list. The URL can name others. */
const maxFeatures = 200;

function featureChoices({ features }: Catalogue, chosen: string | undefined): { key: string; name: string }[] {
  const first = [...features.values()].slice(0, maxFeatures).map(({ key, name }) => ({ key, name }));
  if (chosen === undefined || first.some(({ key }) => key === chosen)) return first;
  return [...first, { key: chosen, name: features.get(chosen)?.name ?? chosen }];
}

/** Rows of a file. */
const maxExportedEntries = 10_000;
const exportBatch = 500;
/** Consecutive batches without a match after which a file ends. */
const maxEmptyBatches = 20;

/** Entries for a file, newest first, in batches. `stoppedBefore`: where the file was cut, or null at the end of the log. */
export async function* exportedActivity(services: Services, query: AuditQuery, zone: string) {
  const { db } = services;
  const { catalogue } = await catalogueNow(services);
  const search = await auditSearchOf(services, query);
  const actors = await auditedActors(db.readAside, db.tables);
  let before = query.before;
  let empty = 0;
  for (let sent = 0; ; ) {
    const size = Math.min(exportBatch, maxExportedEntries - sent);
    const { rows, next } = await searchAudit(db.readAside, db.tables, search, { before, size });
    const names = { catalogue, actors, tenants: await tenantNames(services, rows), zone };
    const entries = rows.map((row) => entryOf(row, names, 0));
    sent += rows.length;
    empty = rows.length === 0 ? empty + 1 : 0;
    const isCut = next !== null && (sent >= maxExportedEntries || empty >= maxEmptyBatches);
    yield { entries, stoppedBefore: isCut ? next : null };
    if (next === null || isCut) return;
    before = next;
  }
}

/** Max tenants whose names match a search. */
const maxNamedTenants = 20;

async function auditSearchOf({ db }: Services, query: AuditQuery): Promise<AuditSearch> {
  const { q: words, actor, action, kind, subject, tenant, feature, from, to, signins } = query;
  const folded = words.flatMap(wordsOf);
  return {
    ...(tenant === undefined ? { subjectKind: kind, subject } : { subjectKind: "tenant" as const, subject: tenant }),
    ...{ actor, action, feature, from, to, words },
    withoutSignIns: signins !== "yes" && !(action !== undefined && signInActions.includes(action)),
    tenants: folded.length === 0 ? [] : await searchTenantKeys(db.readAside, db.tables, folded, maxNamedTenants),
  };
}

/** The newest entries without sign-ins, as sentences. */
export async function recentActivity(services: Services, size: number, zone: string) {
  const { db } = services;
  const { catalogue } = await catalogueNow(services);
  const { rows } = await searchAudit(db.readAside, db.tables, { withoutSignIns: true }, { size });
  const names = { catalogue, actors: [], tenants: await tenantNames(services, rows), zone };
  return rows.map((row) => entryOf(row, names, 0));
}

export async function readAuditEntry(services: Services, seq: number, zone: string) {
  const { db } = services;
  const row = Number.isSafeInteger(seq) ? await readRow(services, seq) : null;
  if (!row) throw new Response("There is no such entry in the audit log.", { status: 404 });
  const { catalogue } = await catalogueNow(services);
  const actors = await auditedActors(db.readAside, db.tables);
  const names = { catalogue, actors, tenants: await tenantNames(services, [row]), zone };
  const now = services.now();
  const { feature, plan } = namesIn(catalogue, row.subject, zone);
  const time = (iso: string) => zonedDateTime(Date.parse(iso), zone, now);
  const lines = changeLines(legible(row.before), legible(row.after), { feature, plan, time });
  return {
    entry: entryOf(row, names, 0),
    isTooLarge: row.isLarge,
    lines: lines.slice(0, maxLines).map(({ label, before, after }) => ({ label, before: cut(before), after: cut(after) })),
    moreLines: Math.max(0, lines.length - maxLines),
    documents: row.isLarge ? null : documentsOf(row),
    now,
  };
}

const cut = (text: string | null) => (text === null ? null : shorten(text, maxValueCharacters));

/** Both documents as JSON, or null if they are too long for a page. */
function documentsOf({ before, after }: ListedAuditRow): { before: string | null; after: string | null } | null {
  const text = (document: Json) => (document === null ? null : JSON.stringify(withTimes(document), null, 2));
  const [was, is] = [text(before), text(after)];
  return (was?.length ?? 0) + (is?.length ?? 0) > maxDocumentCharacters ? null : { before: was, after: is };
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
  const { cursor, limit, search: words, signIns, after: from, before: to, ...filter } = query;
  const search = { ...filter, from, to, words, withoutSignIns: signIns === false };
  const { rows, next } = await searchAudit(db.readAside, db.tables, search, { before: cursor?.[0], size: limit });
  return { entries: rows, older: next };
}

/** One entry as JSON with all of its documents, in parts, or null if there is none. */
export async function readAuditEntryParts({ db, background }: Services, seq: number, signal?: AbortSignal): Promise<Uint8Array[] | null> {
  const head = await findAuditHead(db.readAside, db.tables, seq);
  if (head === null) return null;
  if (head.bytes > maxInPlaceBytes && background.isOn()) return background.auditEntry(seq, signal);
  return auditEntryParts(db, seq);
}
