import { and, asc, desc, eq, gt, isNull, lte, type SQL, sql } from "drizzle-orm";
import type { CatalogueFacts, Grant, GrantKind, Instant, Json } from "~/core/model";
import { grantKinds } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { grantOf } from "./grants.server";
import { readSetting, writeSetting } from "./settings.server";

const setting = "webhook_cursor";

/**
 * How far changes, ends of grants and figures became events. `seq`: every change up to it; `recent`: later numbers that
 * were processed; `ends`: natural ends up to this place; `soon`: ends that were announced, up to this place; `figuresSince`: when all
 * limits and conversions had been read once, null before. What was reached until then is not reported.
 */
export type HookCursor = { seq: number; recent: number[]; ends: EndPlace; soon: EndPlace; figuresSince: Instant | null };

/** A place in the order of ends: all of an instant, or those of an instant up to a tenant. */
export type EndPlace = { at: Instant; tenant: string | null };
export const allEndsUpTo = (at: Instant): EndPlace => ({ at, tenant: null });

/** Null before the first start. */
export async function readHookCursor(q: Queries, t: Schema): Promise<HookCursor | null> {
  return (await readSetting(q, t, setting)) as unknown as HookCursor | null;
}

export async function writeHookCursor(tx: Queries, t: Schema, cursor: HookCursor): Promise<void> {
  await writeSetting(tx, t, setting, cursor as unknown as Json);
}

function endsWithin({ grants: g }: Schema, kind: GrantKind, from: EndPlace, until: EndPlace): SQL | undefined {
  const place = ({ at, tenant }: EndPlace) => sql`(${sql.param(new Date(at), g.endsAt)}, ${tenant})`;
  const after = from.tenant === null ? gt(g.endsAt, new Date(from.at)) : sql`(${g.endsAt}, ${g.tenant}) > ${place(from)}`;
  const upTo = until.tenant === null ? lte(g.endsAt, new Date(until.at)) : sql`(${g.endsAt}, ${g.tenant}) <= ${place(until)}`;
  return and(eq(g.kind, kind), after, upTo);
}

/** The first end, up to and including `to`, of a grant that was not ended early. Null if there is none. */
export async function firstEndBetween(q: Queries, t: Schema, from: EndPlace, to: Instant): Promise<Instant | null> {
  const { grants: g } = t;
  let first: Instant | null = null;
  for (const kind of grantKinds) {
    const [row] = await q
      .select({ at: g.endsAt })
      .from(g)
      .where(and(endsWithin(t, kind, from, allEndsUpTo(first ?? to)), isNull(g.endedAt)))
      .orderBy(asc(g.endsAt), asc(g.tenant))
      .limit(1);
    if (row?.at) first = row.at.getTime();
  }
  return first;
}

export type EndingGrant = { tenant: string; grant: Grant; endsAt: Instant };

/**
 * Grants whose planned end is after `from`, up to and including `to`, and that were not ended early. At most `size` of
 * a kind, and all of the last tenant at its instant, so that it is bounded where many end together.
 */
export async function grantsEndingBetween(
  q: Queries,
  t: Schema,
  { from, to, size }: { from: EndPlace; to: Instant; size: number },
): Promise<{ grants: EndingGrant[]; to: EndPlace }> {
  const { grants: g } = t;
  const within = (kind: GrantKind, until: EndPlace) => endsWithin(t, kind, from, until);
  let until = allEndsUpTo(to);
  for (const kind of grantKinds) {
    const [last] = await q
      .select({ at: g.endsAt, tenant: g.tenant })
      .from(g)
      .where(within(kind, until))
      .orderBy(asc(g.endsAt), asc(g.tenant))
      .limit(1)
      .offset(size - 1);
    if (last?.at) until = { at: last.at.getTime(), tenant: last.tenant };
  }
  const found: EndingGrant[] = [];
  for (const kind of grantKinds) {
    const rows = await q
      .select()
      .from(g)
      .where(and(within(kind, until), isNull(g.endedAt)))
      .orderBy(asc(g.endsAt), asc(g.tenant), asc(g.id));
    found.push(...rows.map((row) => ({ tenant: row.tenant, grant: grantOf(row), endsAt: (row.endsAt as Date).getTime() })));
  }
  return { grants: found.sort((a, b) => a.endsAt - b.endsAt), to: until };
}

/** The catalogue that a change made, and the one before it; null for each that there is not. */
export async function catalogueAround(
  q: Queries,
  { factsHistory: h }: Schema,
  seq: number,
): Promise<{ before: CatalogueFacts | null; after: CatalogueFacts | null }> {
  const rows = await q
    .select({ document: h.document, revision: h.revision })
    .from(h)
    .where(and(eq(h.kind, "catalogue"), eq(h.subject, ""), lte(h.revision, seq)))
    .orderBy(desc(h.revision))
    .limit(2);
  const [after, before] = rows;
  if (after?.revision !== seq) return { before: null, after: null };
  return { before: (before?.document ?? null) as CatalogueFacts | null, after: after.document as CatalogueFacts };
}
