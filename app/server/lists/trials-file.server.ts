import type { ListCell, ListFile } from "~/core/list-file";
import { isoOrNull, isoTime } from "~/core/time";
import type { TrialListQuery } from "~/forms/trials/trial-list-query";
import type { Services } from "~/server/services.server";
import { trialBatches } from "~/server/trials/trial-list.server";
import type { TrialRow } from "~/server/trials/trial-rows.server";

/** Each trial costs a look at its checks. */
const batchSize = 100;

const heads = [
  ...["id", "tenant", "tenant_name", "feature", "feature_name", "gives", "plan", "given_by", "starts", "ends"],
  ...["state", "outcome", "ended_early", "checks", "first_used", "note", "bundle", "bundle_plan"],
];

const cellsOf = ({ tenant, feature, plan, startsAt, endsAt, ...row }: TrialRow): ListCell[] => [
  ...[row.id, tenant.key, tenant.name, feature.key, feature.name, row.gives, plan?.key ?? null, row.givenBy],
  ...[isoTime(startsAt), isoTime(endsAt), row.state, row.outcome, row.endedEarly, row.checks, isoOrNull(row.firstUsedAt), row.note],
  ...[row.bundle?.id ?? null, row.bundle?.key ?? null],
];

/** All trials that the list shows, in its order. */
export function trialsFile(services: Services, query: TrialListQuery): ListFile {
  async function* batches() {
    for await (const rows of trialBatches(services, query, batchSize)) yield rows.map(cellsOf);
  }
  return { heads, batches: batches() };
}
