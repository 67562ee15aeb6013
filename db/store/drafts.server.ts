import { and, asc, desc, eq, isNull, lte } from "drizzle-orm";
import { maxScheduledDrafts, type PlanDraft } from "~/core/drafts/plan-draft";
import type { Instant } from "~/core/model";
import type { Lock, Queries } from "../database";
import type { Schema } from "../schema";
import { dateOrNull } from "./dates";

/** Taken by every change of drafts, so that a person has one that is open, and a draft is published once. */
export const draftsLock: Lock = { key: "plan drafts" };

type Row = Schema["planDrafts"]["$inferSelect"];

const draftOf = ({ createdAt, updatedAt, closedAt, publishAt, ...row }: Row): PlanDraft => ({
  ...row,
  publishAt: publishAt?.getTime() ?? null,
  createdAt: createdAt.getTime(),
  updatedAt: updatedAt.getTime(),
  closedAt: closedAt?.getTime() ?? null,
});

export async function readDraft(q: Queries, { planDrafts: d }: Schema, id: string): Promise<PlanDraft | null> {
  const [row] = await q.select().from(d).where(eq(d.id, id));
  return row ? draftOf(row) : null;
}

/** The draft that a person edits, or null. */
export async function openDraftOf(q: Queries, { planDrafts: d }: Schema, owner: string): Promise<PlanDraft | null> {
  const isOpen = and(eq(d.owner, owner), eq(d.state, "open"));
  const [row] = await q.select().from(d).where(isOpen).limit(1);
  return row ? draftOf(row) : null;
}

/** Open drafts of all people, the one that was edited last in front. */
export async function openDrafts(q: Queries, { planDrafts: d }: Schema, size: number): Promise<PlanDraft[]> {
  return (await q.select().from(d).where(eq(d.state, "open")).orderBy(desc(d.updatedAt)).limit(size)).map(draftOf);
}

/** Drafts that are scheduled, the earliest first. There are 20 at most. */
export async function scheduledDrafts(q: Queries, { planDrafts: d }: Schema): Promise<PlanDraft[]> {
  const found = await q.select().from(d).where(eq(d.state, "scheduled")).orderBy(asc(d.publishAt), asc(d.id)).limit(maxScheduledDrafts);
  return found.map(draftOf);
}

/** Ids of those that are due and were not refused, the earliest first. */
export async function dueDrafts(q: Queries, { planDrafts: d }: Schema, now: Instant): Promise<string[]> {
  const isDue = and(eq(d.state, "scheduled"), lte(d.publishAt, new Date(now)), isNull(d.problem));
  const rows = await q.select({ id: d.id }).from(d).where(isDue).orderBy(asc(d.publishAt), asc(d.id)).limit(maxScheduledDrafts);
  return rows.map(({ id }) => id);
}

export async function insertDraft(tx: Queries, { planDrafts: d }: Schema, draft: PlanDraft): Promise<void> {
  const { createdAt, updatedAt, closedAt, publishAt, ...row } = draft;
  const later = { closedAt: dateOrNull(closedAt), publishAt: dateOrNull(publishAt) };
  const times = { createdAt: new Date(createdAt), updatedAt: new Date(updatedAt), ...later };
  await tx.insert(d).values({ ...row, ...times });
}

export type DraftSet = Partial<Omit<PlanDraft, "id" | "owner" | "ownerName" | "revision" | "createdAt">>;

export async function updateDraft(tx: Queries, { planDrafts: d }: Schema, id: string, set: DraftSet): Promise<void> {
  const { updatedAt, closedAt, publishAt, ...rest } = set;
  const times = {
    ...(publishAt === undefined ? {} : { publishAt: dateOrNull(publishAt) }),
    ...(updatedAt === undefined ? {} : { updatedAt: new Date(updatedAt) }),
    ...(closedAt === undefined ? {} : { closedAt: dateOrNull(closedAt) }),
  };
  await tx
    .update(d)
    .set({ ...rest, ...times })
    .where(eq(d.id, id));
}
