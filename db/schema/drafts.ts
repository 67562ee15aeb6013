import type { DraftCell, DraftPublisher, DraftState } from "~/core/drafts/plan-draft";
import type { Dialect } from "../dialect";

/** Edits of plan cells that are not published yet. A person has at most one that is open. */
export function draftsTables(d: Dialect) {
  const { table, text, integer, timestamp, json, index } = d;

  const planDrafts = table(
    "plan_drafts",
    {
      id: text("id").primaryKey(),
      name: text("name").notNull(),
      /** The admin who edits it. */
      owner: text("owner").notNull(),
      ownerName: text("owner_name").notNull(),
      cells: json("cells").notNull().$type<DraftCell[]>(),
      /** The catalogue's revision when the draft was begun. */
      revision: integer("revision").notNull(),
      /** Increases with each edit, so that what is published is what was reviewed. */
      version: integer("version").notNull(),
      state: text("state").notNull().$type<DraftState>(),
      createdAt: timestamp("created_at").notNull(),
      updatedAt: timestamp("updated_at").notNull(),
      /** Who published or discarded it, and when; null while it is open. */
      closedBy: text("closed_by"),
      closedAt: timestamp("closed_at"),
      /** When it is published, by whom and with which note; null unless it is scheduled. */
      publishAt: timestamp("publish_at"),
      publisher: json("publisher").$type<DraftPublisher>(),
      publishNote: text("publish_note"),
      /** Why it could not be published at its time, as a sentence. */
      problem: text("problem"),
    },
    (t) => [index("plan_drafts_by_owner").on(t.owner, t.state), index("plan_drafts_by_state").on(t.state, t.updatedAt)],
  );

  return { planDrafts };
}
