import { withTimes } from "~/core/audit/audit-documents";
import { partsOf } from "~/server/message-parts";
import type { Database } from "~db/database";
import type { ListedAuditRow } from "~db/store/audit.server";
import { findAudit } from "~db/store/audit-queries.server";

/** An entry as the API returns it. */
export const auditEntryOf = ({ isLarge, ...row }: ListedAuditRow) => ({
  seq: row.seq,
  at: row.at.toISOString(),
  actor: { kind: row.actorKind, id: row.actorId, name: row.actorName },
  address: row.address,
  action: row.action,
  subjectKind: row.subjectKind,
  subject: row.subject,
  before: withTimes(row.before),
  after: withTimes(row.after),
  documentsOmitted: isLarge,
  why: row.why,
  changeSet: row.changeSet,
  revision: row.revision,
});

/** One entry as JSON with all of its documents, in parts, or null if there is none. */
export async function auditEntryParts({ readAside, tables }: Database, seq: number): Promise<Uint8Array[] | null> {
  const row = await findAudit(readAside, tables, seq);
  return row && partsOf(JSON.stringify(auditEntryOf({ ...row, isLarge: false })));
}
