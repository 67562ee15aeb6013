import { type BulkAct, type BulkSelection, maxBulkKeys } from "~/core/bulk/bulk-act";
import { bulkProblem } from "~/core/bulk/bulk-problem";
import { repeatProblem } from "~/core/jobs/job";
import { type Refusal, refuse } from "~/core/outcome";
import type { Services } from "~/server/services.server";
import { goneParts } from "~/server/tenants/tenant-matches.server";
import { readJob } from "~db/store/jobs.server";

type Parts = Pick<Services, "db" | "facts" | "posthog">;

/** Why no tenant at all would change, by the cached catalogue, so that nothing is begun, or null. */
export async function whyNotBulk(parts: Parts, act: BulkAct, selection: BulkSelection): Promise<Refusal | null> {
  if (act.act === "resync" && parts.posthog === null)
    return refuse("value_invalid", "PostHog is not configured, so nothing can be sent to it.", "act");
  return bulkProblem(act, parts.facts.catalogue()) ?? (await selectionProblem(parts, selection));
}

export async function selectionProblem({ db, facts }: Pick<Parts, "db" | "facts">, selection: BulkSelection): Promise<Refusal | null> {
  switch (selection.kind) {
    case "keys": {
      const { length } = selection.keys;
      if (length === 0) return refuse("value_invalid", "Name at least one tenant.", "tenants");
      return length > maxBulkKeys ? refuse("value_invalid", `Name up to ${maxBulkKeys.toLocaleString("en")} tenants.`, "tenants") : null;
    }
    case "filter": {
      const [gone] = goneParts(facts.catalogue(), selection.filter);
      if (!gone) return null;
      const what = { plan: "plan", addOn: "add-on", feature: "feature" }[gone.name];
      return refuse("value_invalid", `There is no ${what} ${gone.key}, so no tenant matches the filter.`, "tenants");
    }
    case "trials":
      return null;
    case "demand": {
      const { feature } = selection;
      return facts.catalogue().features.has(feature) ? null : refuse("value_invalid", `There is no feature ${feature}.`, "tenants");
    }
    case "job": {
      const job = await readJob(db.readAside, db.tables, selection.job);
      if (!job || job.isPreview) return refuse("value_invalid", `There is no job ${selection.job}.`, "tenants");
      const problem = repeatProblem(job, selection.state);
      return problem === null ? null : refuse("value_invalid", problem, "tenants");
    }
  }
}
