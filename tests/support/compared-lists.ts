import { describeValue } from "~/core/catalogue/catalogue-words";
import { day, isoDay, isoTime } from "~/core/time";
import { monthAfter } from "~/core/trials/months";
import { paths } from "~/paths";
import {
  type ApiAnswers,
  type EntitlementItem,
  featureIn,
  type GrantItem,
  isLastTrial,
  planNameIn,
  type TrialLine,
  trialLines,
} from "./answers-of-api";
import { fillText, limitText, numberText, projectedText, tenantsText } from "./figure-words";
import {
  allRowsOf,
  attributeIn,
  type Compared,
  instantsIn,
  itemsIn,
  partText,
  type ReadPage,
  sectionIn,
  sortedRows,
  type TableRow,
  tenantIn,
} from "./page-parts";

/** The use of all tenants. */
export async function* comparedUsage(read: ReadPage, api: ApiAnswers): AsyncGenerator<Compared> {
  const page = paths.usage();
  const headers = ["Feature", "Of limit", "Used", "Limit", "Previous", "Projected"];
  const rows = await allRowsOf(read, page, "Tenants and metered features, the fullest limit first");
  const shown = rows.map((cell) => [
    tenantIn(cell("Tenant")),
    ...headers.map((header) => partText(cell(header))),
    ...instantsIn(cell("Resets")),
  ]);
  const answered = api.usage.map((item) => {
    const { tenant, feature, used, limit, previous, resetsAt } = item;
    const before = previous === null ? "no reset" : numberText(previous);
    const words = [featureIn(api, feature).name, fillText(item), numberText(used), limitText(limit), before, projectedText(item)];
    return [tenant, ...words, ...(resetsAt ? [resetsAt] : [])];
  });
  yield { page, shown, answered };
  const { full, near } = fullTenants(api);
  yield {
    page,
    shown: /[\d,]+ tenants? with a full limit\. [\d,]+ more over 80 %/.exec(partText(await read(page)))?.[0],
    answered: api.usage.length === 0 ? undefined : `${tenantsText(full)} with a full limit. ${numberText(near)} more over 80 %`,
  };
  const words = (cell: TableRow) => ["Feature", "Used", "Limit"].map((header) => partText(cell(header)));
  const used = api.tenants.flatMap(({ key, status }) => {
    const entries = status === "archived" ? [] : [...(api.entitlements.get(key) ?? [])];
    return entries.flatMap(([feature, { used, limit = null }]) =>
      used ? [[key, featureIn(api, feature).name, numberText(used), limitText(limit)]] : [],
    );
  });
  // The others were used in the previous period.
  const usedNow = rows.filter((cell) => partText(cell("Used")) !== "0");
  yield { page, shown: sortedRows(usedNow.map((cell) => [tenantIn(cell("Tenant")), ...words(cell)])), answered: sortedRows(used) };
}

/** Tenants by their fullest limit. */
function fullTenants({ usage, tenants }: ApiAnswers) {
  const fills = tenants.map(({ key }) => Math.max(-1, ...usage.flatMap(({ tenant, percent }) => (tenant === key ? (percent ?? []) : []))));
  const full = fills.filter((fill) => fill >= 100).length;
  return { full, near: fills.filter((fill) => fill >= 80).length - full };
}

/** Trials by tab, the calendar and Home. */
export async function* comparedTrials(read: ReadPage, api: ApiAnswers): AsyncGenerator<Compared> {
  const soon = isoTime(api.now + 7 * day);
  const byStart = (a: TrialLine, b: TrialLine) => (a.grant.startsAt + a.grant.id < b.grant.startsAt + b.grant.id ? -1 : 1);
  const ending = trialLines(api, ({ state }, end) => state === "live" && end <= soon);
  const tabs = {
    ending,
    running: trialLines(api, ({ state }) => state === "live"),
    upcoming: trialLines(api, ({ state }) => state === "upcoming").sort(byStart),
    ended: trialLines(api, ({ state }) => state === "ended").reverse(),
  };
  for (const [tab, lines] of Object.entries(tabs)) {
    const page = paths.trials({ tab });
    const rows = await allRowsOf(read, page, "Trials");
    const shown = rows.map((cell) => [
      tenantIn(cell("Tenant")),
      partText(cell("Feature")),
      instantsIn(cell("Ends"))[0],
      instantsIn(cell("From"))[0],
    ]);
    yield { page, shown, answered: lines.map((line) => [line.tenant, lineText(api, line), line.end, line.grant.startsAt]) };
  }
  const thisMonth = isoDay(api.now).slice(0, 7);
  for (const month of [thisMonth, monthAfter(thisMonth, 1)]) {
    const page = paths.trialCalendar(month);
    const counts = [...(await read(page)).matchAll(/href="\/trials\?ends=([\d-]+)"[^>]*>(.*?)<\/a>/gs)];
    const byDay = new Map<string, number>();
    const isShown = (item: GrantItem, end: string) => end.startsWith(month) && isLastTrial(api, item, end);
    for (const { end } of trialLines(api, isShown)) byDay.set(end.slice(0, 10), (byDay.get(end.slice(0, 10)) ?? 0) + 1);
    yield {
      page,
      shown: counts.map(([, date, words]) => [date, Number.parseInt(partText(words ?? ""), 10)]),
      answered: [...byDay].sort(),
    };
  }
  const home = sectionIn(await read(paths.home()), "Trials ending in 7 days");
  yield {
    page: paths.home(),
    shown: [
      /^\d+\+? in all/.exec(partText(home))?.[0],
      ...itemsIn(home).map((item) => [tenantIn(item), attributeIn(/<p title.*/s.exec(item)?.[0] ?? "", "title"), ...instantsIn(item)]),
    ],
    answered: [
      `${Math.min(20, ending.length)}${ending.length > 20 ? "+" : ""} in all`,
      ...ending.slice(0, 5).map((line) => [line.tenant, lineName(api, line), line.end]),
    ],
  };
}

const lineName = (api: ApiAnswers, { grant: { bundle, feature } }: TrialLine) =>
  bundle ? `Bundle ${planNameIn(api, bundle.plan)}` : featureIn(api, feature).name;

function lineText(api: ApiAnswers, line: TrialLine): string {
  const { bundle, feature: key, value } = line.grant;
  const feature = featureIn(api, key);
  if (bundle) return `${lineName(api, line)} ${line.size} ${line.size === 1 ? "feature" : "features"}`;
  return feature.type === "boolean" || value === undefined ? feature.name : `${feature.name} ${describeValue(feature, value)}`;
}

/** Counts of tenants on the pages of features and plans, and on Home. */
export async function* comparedCatalogue(read: ReadPage, api: ApiAnswers): AsyncGenerator<Compared> {
  for (const { key, type } of api.features) {
    const page = paths.feature(key);
    const shown = itemsIn(sectionIn(await read(page), "Tenants that have it")).map(partText);
    const entries = api.tenants.flatMap((tenant) => (tenant.status === "active" ? (api.entitlements.get(tenant.key)?.get(key) ?? []) : []));
    const overriding = (entry: EntitlementItem) => entry.sources.find(({ source }) => source === "override")?.effect;
    const countOf = (has: (entry: EntitlementItem) => boolean) => entries.filter(has).length;
    const having = (kind: string) => countOf((entry) => !overriding(entry) && entry.sources.some(({ source }) => source === kind));
    const denied = countOf((entry) => overriding(entry) === "deny");
    const filled = (percent: number) => api.usage.filter((item) => item.feature === key && (item.percent ?? -1) >= percent).length;
    const answered = [
      `Plan ${tenantsText(having("plan"))}`,
      `Add-on ${tenantsText(having("add_on"))}`,
      `Trial ${tenantsText(having("trial"))}`,
      `Override ${tenantsText(countOf((entry) => overriding(entry) === "allow"))}`,
      ...(type === "metered" ? [`${tenantsText(filled(100))} reached the limit ${numberText(filled(80))} used 80 % or more`] : []),
      ...(denied > 0 ? [`${tenantsText(denied)} denied it by an override`] : []),
    ];
    yield { page, shown, answered };
  }
  for (const { key } of api.plans) {
    const page = paths.plan(key);
    const shown = /^(No tenant has it|[\d,]+ tenants?)/.exec(partText(sectionIn(await read(page), "Tenants")))?.[0];
    const has = api.tenants.filter(({ plan, addOns }) => plan === key || addOns.includes(key)).length;
    yield { page, shown, answered: has === 0 ? "No tenant has it" : tenantsText(has) };
  }
  const page = paths.home();
  const home = await read(page);
  const { full, near } = fullTenants(api);
  const limits = /^[\d,]+ reached [\d,]+ over 80 %/.exec(partText(sectionIn(home, "Limits")))?.[0];
  yield { page, shown: limits, answered: `${numberText(full)} reached ${numberText(near)} over 80 %` };
  const perPlan = [...api.plans.map(({ key, name }) => ({ key: key as string | null, name })), { key: null, name: "No plan" }].flatMap(
    ({ key, name }) => {
      const count = api.tenants.filter(({ plan, status }) => plan === key && status !== "archived").length;
      return count > 0 ? [`${name} ${numberText(count)}`] : [];
    },
  );
  yield { page, shown: itemsIn(sectionIn(home, "Tenants per plan")).map(partText), answered: perPlan };
}
