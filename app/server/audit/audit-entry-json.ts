import { withTimes } from "~/core/audit/audit-documents";
import type { AuditRow, ListedAuditRow } from "~db/store/audit.server";

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
});

export const auditEntryText = (row: AuditRow): string => JSON.stringify(auditEntryOf({ ...row, isLarge: false }));
