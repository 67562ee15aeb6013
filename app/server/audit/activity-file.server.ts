import type { CutList, ListCell, ListFile } from "~/core/list-file";
import { isoTime } from "~/core/time";
import type { AuditQuery } from "~/forms/audit/audit-filter";
import type { Services } from "~/server/services.server";
import { exportedActivity } from "./audit-pages.server";

const heads = [
  ...["number", "time", "actor", "actor_kind", "actor_id", "address"],
  ...["action", "subject_kind", "subject", "name", "activity", "why"],
];

/** The filtered log, newest first, up to 10,000 entries. Times are in UTC; dates in sentences are the reader's. */
export function activityFile(services: Services, query: AuditQuery, zone: string): ListFile {
  async function* batches(): AsyncGenerator<ListCell[][] | CutList> {
    for await (const { entries, stoppedBefore } of exportedActivity(services, query, zone)) {
      yield entries.map((e) => [
        ...[e.seq, isoTime(e.at), e.actor.name, e.actor.kind, e.actor.id, e.address],
        ...[e.action, e.subjectKind, e.subject, e.subjectName, `${e.actor.name} ${e.phrase}`, e.why],
      ]);
      if (stoppedBefore !== null) yield { cutAfter: `entry ${stoppedBefore}` };
    }
  }
  return { heads, batches: batches() };
}
