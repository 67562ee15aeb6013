import { and, desc, eq, gte, inArray, lt, lte, notInArray, or, type SQL, sql } from "drizzle-orm";
import { signInActions } from "~/core/audit/sign-ins";
import { type Instant, lastInstant } from "~/core/model";
import type { Queries } from "../database";
import { isOnPostgres } from "../on-postgres";
import type { Schema } from "../schema";
import { type AuditFilter, type AuditHead, headWithBytes, type ListedAuditRow, matching, withDocuments } from "./audit.server";

export type AuditSearch = AuditFilter & {
  from?: Instant;
  /** Exclusive. */
  to?: Instant;
  withoutSignIns?: boolean;
  /** A change of the feature, of a grant of it or of a plan's entry for it, also by an import of up to 8 kB. */
  feature?: string;
  /** Each has to be in one of the entry's fields. */
  words?: readonly string[];
  /** Tenants whose names have the words. All of their entries match. */
  tenants?: readonly string[];
};

type AuditSlice = {
  rows: ListedAuditRow[];
  /** The `seq` after which the next page starts; null at the end of the log. */
  next: number | null;
  /** The time of the oldest entry that was searched, if the search stopped before the page was full. */
  searchedBackTo: Instant | null;
};

type Place = { at: Instant; seq: number };

/**
 * Conditions without an index are evaluated on this many entries per statement, in up to `maxWindows` statements per page.
 * All indexes of the log are sorted by time, so a range of time bounds each of them.
 */
const windowSize = 5_000;
const maxWindows = 4;
/** Documents above this many bytes are not searched. */
const maxSearchedBytes = 8 * 1024;

/** One page, newest first. It may be short or empty before the end of the log; `next` continues from there. */
export async function searchAudit(
  q: Queries,
  t: Schema,
  search: AuditSearch,
  { before, size }: { before?: number; size: number },
): Promise<AuditSlice> {
  const { indexed, rest } = conditionsOf(t, search);
  let place = await placeBefore(q, t, before);
  const found: (AuditHead & { bytes: number })[] = [];
  for (let window = 1; ; window++) {
    const bound = rest ? await boundOf(q, t, and(indexed, isBefore(t, place))) : null;
    const rows = await q
      .select(headWithBytes(t))
      .from(t.audit)
      .where(and(indexed, rest ?? undefined, isBefore(t, place), bound ? notBefore(t, bound) : undefined))
      .orderBy(desc(t.audit.at), desc(t.audit.seq))
      .limit(size + 1 - found.length);
    found.push(...rows);
    const isFull = found.length > size;
    if (isFull || !bound || window === maxWindows) {
      const shown = found.slice(0, size);
      const next = isFull ? (shown.at(-1)?.seq ?? null) : (bound?.seq ?? null);
      return { rows: await withDocuments(q, t, shown), next, searchedBackTo: isFull || !bound ? null : bound.at };
    }
    place = bound;
  }
}

/** Where the page starts: after the entry with this number, by default before the newest. */
async function placeBefore(q: Queries, { audit }: Schema, before: number | undefined): Promise<Place> {
  if (before === undefined) return { at: lastInstant, seq: Number.MAX_SAFE_INTEGER };
  const { at, seq } = audit;
  const [row] = await q.select({ at }).from(audit).where(lte(seq, before)).orderBy(desc(seq)).limit(1);
  return { at: row?.at.getTime() ?? 0, seq: before };
}

/** The oldest entry of the window that starts at a place, or null if the log ends within it. */
async function boundOf(q: Queries, { audit }: Schema, where: SQL | undefined): Promise<Place | null> {
  const { at, seq } = audit;
  const [row] = await q
    .select({ at, seq })
    .from(audit)
    .where(where)
    .orderBy(desc(at), desc(seq))
    .limit(1)
    .offset(windowSize - 1);
  return row ? { at: row.at.getTime(), seq: row.seq } : null;
}

const placeOf = ({ audit }: Schema, { at, seq }: Place): SQL => sql`(${sql.param(new Date(at), audit.at)}, ${sql.param(seq, audit.seq)})`;
const isBefore = (t: Schema, place: Place): SQL => sql`(${t.audit.at}, ${t.audit.seq}) < ${placeOf(t, place)}`;
const notBefore = (t: Schema, place: Place): SQL => sql`(${t.audit.at}, ${t.audit.seq}) >= ${placeOf(t, place)}`;

/** `indexed` is answered by one index in the order of time. `rest` has the other conditions, or is null. */
function conditionsOf(t: Schema, search: AuditSearch): { indexed: SQL | undefined; rest: SQL | null } {
  const { audit } = t;
  const { subjectKind, subject, action, actor, from, to, withoutSignIns, feature, words = [] } = search;
  const first: AuditFilter =
    subjectKind && subject !== undefined ? { subjectKind, subject } : action !== undefined ? { action } : actor ? { actor } : {};
  const others: (SQL | undefined)[] = [matching(t, { subjectKind, subject, action, actor, ...without(first) })];
  if (withoutSignIns) others.push(notInArray(audit.action, [...signInActions]));
  if (feature !== undefined) others.push(isAboutFeature(t, feature));
  if (words.length > 0) others.push(or(and(...words.map((word) => holds(t, word))), ofTenants(t, search.tenants ?? [])));
  const range = and(
    from === undefined ? undefined : gte(audit.at, new Date(from)),
    to === undefined ? undefined : lt(audit.at, new Date(to)),
  );
  return { indexed: and(matching(t, first), range), rest: and(...others) ?? null };
}

/** The same fields without values. */
const without = (filter: AuditFilter): AuditFilter => Object.fromEntries(Object.keys(filter).map((field) => [field, undefined]));

const ofTenants = ({ audit }: Schema, keys: readonly string[]): SQL | undefined =>
  keys.length === 0 ? undefined : and(eq(audit.subjectKind, "tenant"), inArray(audit.subject, [...keys]));

type Document = Schema["audit"]["before"] | Schema["audit"]["after"];

/** The document's JSON, or NULL if there is none or it is too large to be searched. */
function textOf(t: Schema, column: Document): SQL {
  const text = isOnPostgres(t.audit) ? sql`${column}::text` : sql`${column}`;
  return sql`case when octet_length(${text}) <= ${sql.raw(String(maxSearchedBytes))} then ${text} end`;
}

function holds(t: Schema, word: string): SQL {
  const { audit } = t;
  const pattern = `%${word.replace(/[\\%_]/g, "\\$&")}%`;
  const operator = sql.raw(isOnPostgres(audit) ? "ilike" : "like");
  const fields = [audit.actorName, audit.subject, audit.action, audit.why, textOf(t, audit.before), textOf(t, audit.after)];
  return or(...fields.map((field) => sql`${field} ${operator} ${pattern} escape '\\'`)) as SQL;
}

function isAboutFeature(t: Schema, feature: string): SQL {
  const { audit } = t;
  const part = `"feature":${JSON.stringify(feature)}`;
  const position = sql.raw(isOnPostgres(audit) ? "strpos" : "instr");
  const asListed = `"key":${JSON.stringify(feature)}`;
  const isIn = (column: Document, text: string) => sql`${position}(${textOf(t, column)}, ${text}) > 0`;
  return or(
    and(eq(audit.subjectKind, "feature"), eq(audit.subject, feature)),
    isIn(audit.before, part),
    isIn(audit.after, part),
    // A file that was imported lists features by key.
    and(eq(audit.subjectKind, "catalogue"), or(isIn(audit.before, asListed), isIn(audit.after, asListed))),
  ) as SQL;
}
