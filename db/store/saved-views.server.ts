import { and, asc, count, eq } from "drizzle-orm";
import type { Instant } from "~/core/model";
import { foldText } from "~/core/plain-text";
import type { Queries } from "../database";
import type { Schema } from "../schema";

export type SavedView = Omit<Schema["savedViews"]["$inferSelect"], "foldedName" | "createdAt"> & { createdAt: Instant };
type List = SavedView["list"];

const columnsOf = ({ savedViews: v }: Schema) => ({
  id: v.id,
  list: v.list,
  name: v.name,
  query: v.query,
  createdAt: v.createdAt,
  createdBy: v.createdBy,
});
const viewOf = ({ createdAt, ...row }: Omit<SavedView, "createdAt"> & { createdAt: Date }): SavedView => ({
  ...row,
  createdAt: createdAt.getTime(),
});

/** Views of a list by name, up to `max`. */
export async function readViews(q: Queries, t: Schema, list: List, max: number): Promise<SavedView[]> {
  const v = t.savedViews;
  const rows = await q.select(columnsOf(t)).from(v).where(eq(v.list, list)).orderBy(asc(v.foldedName)).limit(max);
  return rows.map(viewOf);
}

export async function findView(q: Queries, t: Schema, list: List, name: string): Promise<SavedView | null> {
  const v = t.savedViews;
  const [row] = await q
    .select(columnsOf(t))
    .from(v)
    .where(and(eq(v.list, list), eq(v.foldedName, foldText(name))));
  return row ? viewOf(row) : null;
}

export async function countViews(q: Queries, { savedViews: v }: Schema, list: List): Promise<number> {
  const [row] = await q.select({ n: count() }).from(v).where(eq(v.list, list));
  return Number(row?.n ?? 0);
}

export async function insertView(tx: Queries, t: Schema, view: SavedView): Promise<void> {
  await tx.insert(t.savedViews).values({ ...view, foldedName: foldText(view.name), createdAt: new Date(view.createdAt) });
}

/** Returns the deleted view, or null if there was none. */
export async function deleteView(tx: Queries, t: Schema, list: List, id: string): Promise<SavedView | null> {
  const v = t.savedViews;
  const [row] = await tx
    .delete(v)
    .where(and(eq(v.list, list), eq(v.id, id)))
    .returning(columnsOf(t));
  return row ? viewOf(row) : null;
}
