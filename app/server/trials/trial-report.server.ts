import type { CutList, ListCell, ListFile } from "~/core/list-file";
import { addTrialCounts, medianDaysToUse, noTrials, type TrialCounts } from "~/core/trials/trial-counts";
import type { ReportGroup, ReportRange } from "~/forms/trials/trial-report-query";
import type { Services } from "~/server/services.server";
import { sumTrialCounts, type TrialCountsOf } from "~db/store/trial-outcomes.server";
import { catalogueOfNames } from "./names.server";
import { trialsFreshness } from "./trial-list.server";

/** Features and people shown on the page. Files and the API have all. */
const maxRows = 20;
const maxFileRows = 10_000;

/** Numbers of a group. `name` is what people call it. */
export type ReportRow = Omit<TrialCounts, "daysToUse"> & { key: string; name: string; medianDaysToUse: number | null };

const dimensions = { feature: "feature", person: "person", month: "all" } as const;

/** Groups of a report: the most granted first, or after a key in order of keys. */
export async function reportGroupsOf(
  services: Services,
  group: ReportGroup,
  range: ReportRange,
  slice: { size: number; after?: string; byGranted?: boolean },
): Promise<ReportRow[]> {
  const { db } = services;
  const catalogue = await catalogueOfNames(services);
  const rows = await sumTrialCounts(db.readAside, db.tables, dimensions[group], range, slice);
  return rows.map((row) => rowOf(row, group === "feature" ? (catalogue.features.get(row.value)?.name ?? row.value) : row.value));
}

function rowOf({ value, daysToUse, ...counts }: TrialCountsOf, name: string): ReportRow {
  return { key: value, name, ...counts, medianDaysToUse: medianDaysToUse({ used: counts.used, daysToUse }) };
}

/** Sums over all months of the range. */
export async function reportTotal({ db }: Services, range: ReportRange): Promise<ReportRow> {
  const months = await sumTrialCounts(db.readAside, db.tables, "all", range, { size: 1_000 });
  const total = noTrials();
  for (const month of months) addTrialCounts(total, month);
  return rowOf({ ...total, value: "" }, "All");
}

export async function readTrialReport(services: Services, range: ReportRange) {
  const slice = { size: maxRows + 1, byGranted: true };
  const [total, features, people, months, freshness] = await Promise.all([
    reportTotal(services, range),
    reportGroupsOf(services, "feature", range, slice),
    reportGroupsOf(services, "person", range, slice),
    reportGroupsOf(services, "month", range, { size: 1_000 }),
    trialsFreshness(services),
  ]);
  return {
    total,
    groups: { feature: cut(features), person: cut(people), month: cut(months) },
    ...freshness,
    now: services.now(),
  };
}

const cut = (rows: ReportRow[]) => ({ rows: rows.slice(0, maxRows), isCut: rows.length > maxRows });

const headers = {
  feature: ["Feature", "Name"],
  person: ["Given by"],
  month: ["Month"],
};

/** One table of the report. */
export function trialReportFile(services: Services, group: ReportGroup, range: ReportRange): ListFile {
  async function* batches(): AsyncGenerator<ListCell[][] | CutList> {
    const found = await reportGroupsOf(services, group, range, { size: maxFileRows + 1, byGranted: group !== "month" });
    yield found
      .slice(0, maxFileRows)
      .map((row) => [
        ...(group === "feature" ? [row.key, row.name] : [row.key]),
        ...[row.granted, row.used, row.converted, row.extended, row.lapsed, row.open, row.running, row.medianDaysToUse],
      ]);
    if (found.length > maxFileRows) yield { cutAfter: `${maxFileRows.toLocaleString("en")} rows, those with the most trials` };
  }
  const counts = ["Granted", "Used", "Converted", "Extended", "Lapsed", "Open", "Running", "Median days to first use"];
  const countFields = ["granted", "used", "converted", "extended", "lapsed", "open", "running", "median_days_to_use"];
  const fields = { feature: ["feature", "name"], person: ["person"], month: ["month"] }[group];
  return { heads: [...headers[group], ...counts], fields: [...fields, ...countFields], batches: batches() };
}
