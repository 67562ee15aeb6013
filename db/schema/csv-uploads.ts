import type { Dialect } from "../dialect";

/** Uploaded CSV files of tenants, until their job is over, or for a day. */
export function csvUploadTables(d: Dialect) {
  const { table, text, integer, timestamp, json, index, primaryKey } = d;

  const csvUploads = table(
    "csv_uploads",
    {
      id: text("id").primaryKey(),
      actorId: text("actor_id").notNull(),
      /** The file's name. */
      name: text("name").notNull(),
      /** The cells of the first line. */
      heads: json("heads").notNull().$type<string[]>(),
      /** Rows below the first line; null until all of them are stored. */
      rows: integer("rows"),
      createdAt: timestamp("created_at").notNull(),
    },
    (t) => [index("csv_uploads_by_time").on(t.createdAt), index("csv_uploads_by_actor").on(t.actorId, t.createdAt)],
  );

  const csvRows = table(
    "csv_rows",
    {
      upload: text("upload_id").notNull(),
      /** From 1, in the order of the file. */
      seq: integer("seq").notNull(),
      /** The line of the file on which it begins, from 1. A cell may have several lines. */
      line: integer("line").notNull(),
      cells: json("cells").notNull().$type<string[]>(),
    },
    (t) => [primaryKey({ columns: [t.upload, t.seq] })],
  );

  return { csvUploads, csvRows };
}
