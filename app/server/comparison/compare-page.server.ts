import { scaleLinear } from "d3-scale";
import { answerCell } from "~/core/decision/answer-cell";
import { type ComparedFeature, comparedUse } from "~/core/decision/comparison";
import { limitWords } from "~/core/decision/reason-message";
import { noFill, percentText } from "~/core/usage/limit-fill";
import type { CompareQuery } from "~/forms/usage/compare-query";
import { drawLines } from "~/server/charts/line-drawing.server";
import type { Services } from "~/server/services.server";
import { planName } from "~/server/tenants/tenants.server";
import { type Compared, type ComparedTenants, compareTenants } from "./compare.server";
import { type PickedTenant, pickTenants } from "./pick-tenants.server";

const pageSize = 40;
/** Max metered features whose usage the page shows. The API returns all of them. */
const maxUses = 25;

type Unknown = Extract<PickedTenant, { key: null }>;

/** What was chosen, and the comparison if that names at least two tenants. `redirect`: keys to go on with instead of words. */
export async function comparePage(services: Services, query: CompareQuery) {
  const { picked, leftOut } = await pickTenants(services, query.names);
  const keys = [...new Set(picked.flatMap(({ key }) => key ?? []))];
  const unknown = picked.filter((one): one is Unknown => one.key === null);
  const fields = [...keys, ...unknown.map(({ text }) => text)];
  const isComplete = unknown.length === 0 && keys.length > 1;
  const found = isComplete ? await compareTenants(services, keys, query.days) : null;
  return {
    ...{ fields, keys, unknown, leftOut, days: query.days, show: query.show },
    hasWords: picked.some(({ key, text }) => key !== null && key !== text),
    comparison: found && "compared" in found ? shown(services, found.compared, query) : null,
  };
}

function shown(services: Services, { tenants, features }: ComparedTenants, { show, page: asked }: CompareQuery) {
  const different = features.filter(({ difference }) => difference !== "none");
  const list = show === "all" ? features : different;
  const page = Math.max(1, Math.min(asked, Math.ceil(list.length / pageSize)));
  return {
    tenants: tenants.map((one) => tenantColumn(services, one)),
    features: { all: features.length, different: different.length },
    rows: list.slice((page - 1) * pageSize, page * pageSize).map(featureRowOf),
    ...{ total: list.length, page, pageSize },
    ...consumptionRows(features),
    checks: checksOf(tenants),
  };
}

function tenantColumn({ facts: cache }: Services, { facts, entitled, checks }: Compared) {
  const catalogue = cache.catalogue();
  const { key, name, status, plan, addOns } = facts;
  const { allowed, refused, previous } = checks;
  return {
    ...{ key, name, status, entitled, checks: allowed + refused, refused, previous },
    plan: plan === null ? null : planName(catalogue, plan).name,
    addOns: addOns.map((one) => planName(catalogue, one.plan).name),
  };
}

function featureRowOf({ feature, difference, decisions }: ComparedFeature) {
  return { key: feature.key, name: feature.name, difference, cells: decisions.map((decision) => answerCell(decision, feature)) };
}

/** Use of each metered feature on one scale over the tenants. Places are in per cent of it. */
function consumptionRows(features: ComparedFeature[]) {
  const all = comparedUse(features);
  const rows = all.slice(0, maxUses).map(({ feature, uses }) => {
    const most = Math.max(1, ...uses.flatMap(({ used, limit }) => [used ?? 0, typeof limit === "number" ? limit : 0]));
    const x = scaleLinear().domain([0, most]).range([0, 100]);
    return {
      key: feature.key,
      name: feature.name,
      most: limitWords(most, feature.meter.unit),
      cells: uses.map(({ used, limit, fill }) => ({
        used: used === null ? null : limitWords(used),
        limit: limit === null ? null : limitWords(limit),
        percent: fill === noFill ? null : percentText(fill),
        fill,
        bar: Math.round(x(used ?? 0) * 10) / 10,
        mark: typeof limit === "number" ? Math.round(x(limit) * 10) / 10 : null,
      })),
    };
  });
  return { uses: rows, moreUses: all.length - rows.length };
}

function checksOf(tenants: readonly Compared[]) {
  const days = tenants[0]?.checks.days.map(({ day }) => day) ?? [];
  const series = tenants.map(({ checks }) => checks.days.map(({ allowed, refused }) => allowed + refused));
  return { days, series, drawing: drawLines(days, series) };
}
