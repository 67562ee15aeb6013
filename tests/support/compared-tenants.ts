import { describeValue } from "~/core/catalogue/catalogue-words";
import { limitWords } from "~/core/decision/reason-message";
import { day, isoTime } from "~/core/time";
import { paths } from "~/paths";
import { type ApiAnswers, endOfItem, featureIn, type GrantItem, planNameIn, type TenantItem, type UsageItem } from "./answers-of-api";
import { fillText, limitText, numberText, percentOf, projectedText } from "./figure-words";
import {
  attributeIn,
  type Compared,
  instantsIn,
  itemsIn,
  paragraphIn,
  partText,
  type ReadPage,
  sectionIn,
  sortedRows,
  tableIn,
  tenantIn,
  withoutTimes,
} from "./page-parts";

/** Trials and overrides that an overview has room for. */
const maxExtras = 8;
const isMarked = / Redundant$/;

/** `listed`: ids of the trials and overrides; `redundant`: of those that are marked so. */
export function readOverview(page: string) {
  const features = sectionIn(page, "Features");
  const section = sectionIn(page, "Trials and overrides");
  const extras = itemsIn(section).map((item) => ({
    id: /\/grants\/([^/"]+)\/end"/.exec(item)?.[1] ?? "",
    text: partText(paragraphIn(item)),
    instants: instantsIn(item),
  }));
  const shown = {
    counts: [/^\d+ of \d+/.exec(partText(features))?.[0], ...itemsIn(features).map(partText)],
    limits: sortedRows(itemsIn(sectionIn(page, "Limits")).map((item) => [partText(paragraphIn(item)), ...instantsIn(item)])),
    extras: sortedRows(extras.map(({ id, text, instants }) => [id, text.replace(isMarked, ""), ...instants])),
    size: [extras.length, Number(/(\d+) more<\/a>/.exec(section)?.[1] ?? 0)],
  };
  const marked = extras.filter(({ text }) => isMarked.test(text));
  return { shown, listed: extras.map(({ id }) => id), redundant: marked.map(({ id }) => id) };
}

/** What the overview of an active tenant should show, with these trials and overrides. */
export function answeredOverview(api: ApiAnswers, tenant: string, listed: readonly string[]) {
  const entries = [...(api.entitlements.get(tenant) ?? [])].map(([key, entry]) => ({ ...entry, feature: featureIn(api, key) }));
  const countOf = (list: typeof entries) => `${list.filter(({ entitled }) => entitled).length} of ${list.length}`;
  const groupOf = ({ feature }: (typeof entries)[number]) => feature.group ?? "Other features";
  const last = (group: string) => (group === "Other features" ? 1 : 0);
  const groups = [...new Set(entries.map(groupOf))].sort((a, b) => last(a) - last(b) || (a < b ? -1 : 1));
  const open = api.grants.filter((item) => item.tenant === tenant && item.state !== "ended");
  return {
    counts: [countOf(entries), ...groups.map((group) => `${group} ${countOf(entries.filter((entry) => groupOf(entry) === group))}`)],
    limits: sortedRows(
      entries.flatMap(({ feature, limit, used, resetsAt }) => {
        if (feature.type !== "metered" || limit === undefined || used === undefined) return [];
        return [[`${feature.name} ${numberText(used)} of ${limitWords(limit, feature.meter.unit)}`, ...(resetsAt ? [resetsAt] : [])]];
      }),
    ),
    extras: sortedRows(open.filter(({ grant }) => listed.includes(grant.id)).map((item) => extraOf(api, item))),
    size: [Math.min(open.length, maxExtras), Math.max(0, open.length - maxExtras)],
  };
}

function extraOf(api: ApiAnswers, item: GrantItem) {
  const { id, kind, feature: key, effect, value, startsAt } = item.grant;
  const feature = featureIn(api, key);
  const label = kind === "trial" ? "Trial" : effect === "deny" ? "Denied" : "Allowed";
  const gives = feature.type === "boolean" || value === undefined ? [] : [describeValue(feature, value)];
  const end = endOfItem(item);
  return [id, [feature.name, label, ...gives].join(" "), ...(item.state === "upcoming" ? [startsAt] : []), ...(end === null ? [] : [end])];
}

/** The overview and the usage of each tenant. */
export async function* comparedTenants(read: ReadPage, api: ApiAnswers): AsyncGenerator<Compared> {
  for (const { key, status } of api.tenants) {
    const page = paths.tenant(key);
    const html = await read(page);
    const { shown, listed } = readOverview(html);
    const hasAny = [...(api.entitlements.get(key)?.values() ?? [])].some(({ entitled }) => entitled);
    if (status === "active") yield { page, shown, answered: answeredOverview(api, key, listed) };
    else yield { page, shown: [html.includes("Every check answers no."), hasAny], answered: [true, false] };

    const headers = ["Feature", "Of limit", "Used", "Limit", "Projected"];
    const limits = tableIn(await read(paths.tenantUsage(key)), "Limits");
    yield {
      page: paths.tenantUsage(key),
      shown: sortedRows(limits.map((cell) => [...headers.map((header) => partText(cell(header))), ...instantsIn(cell("Resets"))])),
      answered: sortedRows(answeredUsage(api, key)),
    };
  }
}

function answeredUsage(api: ApiAnswers, tenant: string) {
  return (api.consumption.get(tenant) ?? []).flatMap((item) => {
    const feature = featureIn(api, item.feature);
    const { used = 0, limit = null } = api.entitlements.get(tenant)?.get(item.feature) ?? {};
    if (feature.type !== "metered" || (item.used === 0 && item.setAt === null)) return [];
    const name = [feature.name, feature.meter.unit ?? []].flat().join(" ");
    return [[name, fillText(item), numberText(used), limitText(limit), projectedText(item), ...(item.resetsAt ? [item.resetsAt] : [])]];
  });
}

/** The list of tenants with its columns, and what its filters find. */
export async function* comparedList(read: ReadPage, api: ApiAnswers): AsyncGenerator<Compared> {
  const rowsOf = async (page: string) => tableIn(await read(page), "Tenants");
  const page = paths.tenants({ cols: "plan,trials,limit,status" });
  const shown = (await rowsOf(page)).map((cell) => [
    tenantIn(cell("Tenant")),
    ...["Plan", "Trials", "Fullest limit", "Status"].map((header) => partText(withoutTimes(cell(header)))),
    attributeIn(cell("Fullest limit"), "title"),
    ...instantsIn(cell("Trials")),
  ]);
  yield { page, shown, answered: api.tenants.map((tenant) => answeredRow(api, tenant)) };
  for (const [filter, has] of filtersOf(api)) {
    const page = paths.tenants(filter);
    const keys = (await rowsOf(page)).map((cell) => tenantIn(cell("Tenant")));
    yield { page, shown: keys, answered: api.tenants.filter(has).map(({ key }) => key) };
  }
}

const isLiveTrial = ({ state, grant }: GrantItem) => state === "live" && grant.kind === "trial";
const byFill = (a: UsageItem, b: UsageItem) => (b.percent ?? 0) - (a.percent ?? 0) || (a.feature < b.feature ? -1 : 1);

function answeredRow(api: ApiAnswers, { key, plan, addOns, status }: TenantItem) {
  const trials = api.grants.filter((item) => item.tenant === key && isLiveTrial(item));
  const names = trials.slice(0, 2).map(({ grant }) => featureIn(api, grant.feature).name);
  const more = trials.length > 2 ? ` +${trials.length - 2}` : "";
  const [trial] = trials;
  const [level] = api.usage.filter(({ tenant, percent }) => tenant === key && percent !== null).sort(byFill);
  const metered = level ? featureIn(api, level.feature).name : "";
  const badge = addOns.length > 0 ? ` +${addOns.length} ${addOns.length === 1 ? "add-on" : "add-ons"}` : "";
  return [
    key,
    `${plan === null ? "No plan" : planNameIn(api, plan)}${badge}`,
    trial ? `${names.join(", ")}${more} ${trials.length > 1 ? "next ends" : "ends"}` : "",
    level ? `${percentOf(level.percent ?? 0)} ${metered}` : "",
    status === "active" ? "" : "Suspended",
    level ? `${metered}: ${numberText(level.used)} of ${limitText(level.limit)}` : "",
    ...(trial ? [endOfItem(trial)] : []),
  ];
}

type Filter = [query: { [name: string]: string }, has: (tenant: TenantItem) => boolean];

function filtersOf(api: ApiAnswers): Filter[] {
  const isThrough = (tenant: string, feature: string, through: string) => {
    const { entitled, source, reason } = api.entitlements.get(tenant)?.get(feature) ?? {};
    if (through !== "limit") return entitled === true && source === through;
    // A limit of 0 is reached without any use. Lists of limits have what was used.
    return reason?.code === "limit_reached" && api.usage.some((item) => item.tenant === tenant && item.feature === feature);
  };
  const hasTrial = (tenant: string, until: string) =>
    api.grants.some((item) => item.tenant === tenant && isLiveTrial(item) && (endOfItem(item) as string) <= until);
  const ways = ["plan", "add_on", "trial", "override", "limit"];
  return [
    ...api.features.flatMap(({ key: feature }) =>
      ways.map((through): Filter => [{ feature, through }, ({ key }) => isThrough(key, feature, through)]),
    ),
    ...api.plans.map(({ key: plan }): Filter => [{ plan }, (one) => one.plan === plan || one.addOns.includes(plan)]),
    [{ plan: "-" }, ({ plan }) => plan === null],
    [{ status: "suspended" }, ({ status }) => status === "suspended"],
    [{ trial: "live" }, ({ key }) => hasTrial(key, "9999")],
    [{ trial: "ending" }, ({ key }) => hasTrial(key, isoTime(api.now + 7 * day))],
  ];
}
