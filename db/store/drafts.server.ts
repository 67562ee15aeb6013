import { and, desc, eq } from "drizzle-orm";
import type { PlanDraft } from "~/core/drafts/plan-draft";
import type { Lock, Queries } from "../database";
import type { Schema } from "../schema";
import { dateOrNull } from "./dates";

/** Taken by every change of drafts, so that a person has one that is open, and a draft is published once. */
export const draftsLock: Lock = { key: "plan drafts" };

type Row = Schema["planDrafts"]["$inferSelect"];

const draftOf = ({ createdAt, updatedAt, closedAt, ...row }: Row): PlanDraft => ({
  ...row,
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

export async function insertDraft(tx: Queries, { planDrafts: d }: Schema, draft: PlanDraft): Promise<void> {
  const { createdAt, updatedAt, closedAt, ...row } = draft;
  const times = { createdAt: new Date(createdAt), updatedAt: new Date(updatedAt), closedAt: dateOrNull(closedAt) };
  await tx.insert(d).values({ ...row, ...times });
}

export async function updateDraft(
  tx: Queries,
  { planDrafts: d }: Schema,
  id: string,
  set: Partial<Pick<PlanDraft, "name" | "cells" | "version" | "state" | "updatedAt" | "closedBy" | "closedAt">>,
): Promise<void> {
  const { updatedAt, closedAt, ...rest } = set;
  const times = {
    ...(updatedAt === undefined ? {} : { updatedAt: new Date(updatedAt) }),
    ...(closedAt === undefined ? {} : { closedAt: dateOrNull(closedAt) }),
  };
  await tx
    .update(d)
    .set({ ...rest, ...times })
    .where(eq(d.id, id));
}
