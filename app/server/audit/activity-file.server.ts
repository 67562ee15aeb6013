import { csvHead, csvText, cutRow } from "~/core/csv";
import { isoTime } from "~/core/time";
import type { AuditQuery } from "~/forms/audit/audit-filter";
import type { Services } from "~/server/services.server";
import { exportedActivity } from "./audit-pages.server";

const header = [
  "number",
  "time",
  "actor",
  "actor_kind",
  "actor_id",
  "address",
  "action",
  "subject_kind",
  "subject",
  "name",
  "activity",
  "why",
];

/** The filtered log as CSV, newest first, up to 10,000 entries. Times are in UTC; dates in sentences are the reader's. */
export async function* activityCsv(services: Services, query: AuditQuery, zone: string): AsyncGenerator<string> {
  yield csvHead(header);
  for await (const { entries, stoppedBefore } of exportedActivity(services, query, zone)) {
    yield csvText(
      entries.map((e) => [
        ...[e.seq, isoTime(e.at), e.actor.name, e.actor.kind, e.actor.id, e.address],
        ...[e.action, e.subjectKind, e.subject, e.subjectName, `${e.actor.name} ${e.phrase}`, e.why],
      ]),
    );
    if (stoppedBefore !== null) yield cutRow(`entry ${stoppedBefore}`);
  }
}
