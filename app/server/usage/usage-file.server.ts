import type { CutList, ListCell, ListFile } from "~/core/list-file";
import { isoOrNull } from "~/core/time";
import type { UsageListQuery } from "~/forms/usage/usage-pages";
import type { Services } from "~/server/services.server";
import { demandRows } from "./demand.server";
import { exportedUsage, maxExportedUsage } from "./usage-list.server";

/** Features of a file. A catalogue may have more. */
const maxFeatures = 1_000;

/** Per cent with two decimals, as a number for spreadsheets. */
const percent = (fill: number) => (fill < 0 ? null : fill / 100);

const limitHeads = [
  ...["tenant", "name", "plan", "feature", "unit", "used", "limit", "percent"],
  ...["previous", "projected", "reset_period", "resets_at"],
];

export function limitsFile(services: Services, query: UsageListQuery): ListFile {
  async function* batches(): AsyncGenerator<ListCell[][] | CutList> {
    for await (const { rows, isCut } of exportedUsage(services, query)) {
      yield rows.map((r) => [
        ...[r.tenant.key, r.tenant.name, r.tenant.plan, r.feature.key, r.feature.unit],
        ...[r.used, r.limit, percent(r.fill), r.previous, r.projected, r.resetPeriod, isoOrNull(r.resetsAt)],
      ]);
      if (isCut) yield { cutAfter: `${maxExportedUsage.toLocaleString("en")} limits, the fullest` };
    }
  }
  return { heads: limitHeads, batches: batches() };
}

const demandHeads = ["feature", "name", "days", "refusals", "refusals_before", "tenants", "plans", "lowest_plan"];

export function demandFile(services: Services, days: number): ListFile {
  async function* batches(): AsyncGenerator<ListCell[][] | CutList> {
    await services.facts.look();
    const { rows, total } = await demandRows(services, days, { skip: 0, size: maxFeatures });
    yield rows.map(({ feature, refusals, previous, tenants, plans, next }) => [
      ...[feature.key, feature.name, days, refusals, previous, tenants],
      ...[plans.map((p) => `${p.key ?? "no plan"}: ${p.tenants}`).join("; "), next?.key ?? null],
    ]);
    if (total > rows.length) yield { cutAfter: `${maxFeatures.toLocaleString("en")} features, those refused most` };
  }
  return { heads: demandHeads, batches: batches() };
}
