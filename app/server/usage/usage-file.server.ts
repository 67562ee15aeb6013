import { csvHead, csvText, cutRow } from "~/core/csv";
import { isoOrNull } from "~/core/time";
import type { UsageListQuery } from "~/forms/usage/usage-pages";
import type { Services } from "~/server/services.server";
import { demandRows } from "./demand.server";
import { exportedUsage, maxExportedUsage } from "./usage-list.server";

/** Features of a file. A catalogue may have more. */
const maxFeatures = 1_000;

/** Per cent with two decimals, as a number for spreadsheets. */
const percent = (fill: number) => (fill < 0 ? null : fill / 100);

export async function* limitsCsv(services: Services, query: UsageListQuery): AsyncGenerator<string> {
  yield csvHead([
    "tenant",
    "name",
    "plan",
    "feature",
    "unit",
    "used",
    "limit",
    "percent",
    "previous",
    "projected",
    "reset_period",
    "resets_at",
  ]);
  for await (const { rows, isCut } of exportedUsage(services, query)) {
    yield csvText(
      rows.map((r) => [
        ...[r.tenant.key, r.tenant.name, r.tenant.plan, r.feature.key, r.feature.unit],
        ...[r.used, r.limit, percent(r.fill), r.previous, r.projected, r.resetPeriod, isoOrNull(r.resetsAt)],
      ]),
    );
    if (isCut) yield cutRow(`${maxExportedUsage.toLocaleString("en")} limits, the fullest`);
  }
}

export async function* demandCsv(services: Services, days: number): AsyncGenerator<string> {
  await services.facts.look();
  yield csvHead(["feature", "name", "days", "refusals", "refusals_before", "tenants", "plans", "lowest_plan"]);
  const { rows, total } = await demandRows(services, days, { skip: 0, size: maxFeatures });
  yield csvText(
    rows.map(({ feature, refusals, previous, tenants, plans, next }) => [
      ...[feature.key, feature.name, days, refusals, previous, tenants],
      ...[plans.map((p) => `${p.key ?? "no plan"}: ${p.tenants}`).join("; "), next?.key ?? null],
    ]),
  );
  if (total > rows.length) yield cutRow(`${maxFeatures.toLocaleString("en")} features, those refused most`);
}
