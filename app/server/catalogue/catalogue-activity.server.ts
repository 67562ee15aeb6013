import { namesIn } from "~/core/audit/activity";
import { activityPhrase } from "~/core/audit/activity-phrase";
import type { Services } from "~/server/services.server";
import { listAudit } from "~db/store/audit.server";

const maxActivities = 6;

type Subject = { kind: "feature" | "plan"; key: string; name: string };

/** The last changes of a feature or plan, in sentences. */
export async function latestActivities({ db, facts }: Services, { kind, key, name }: Subject, zone: string) {
  const rows = await listAudit(db.readAside, db.tables, { subjectKind: kind, subject: key }, { size: maxActivities });
  const names = namesIn(facts.catalogue(), name, zone);
  return rows.map((row) => ({
    seq: row.seq,
    at: row.at.getTime(),
    actor: row.actorName,
    phrase: activityPhrase(row, names, { isOwnPage: true }),
  }));
}
