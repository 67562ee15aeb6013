import { entitlement } from "~/core/answer";
import type { Catalogue } from "~/core/catalogue";
import { type Decision, decide } from "~/core/decide";
import type { Instant, Json, TenantFacts } from "~/core/model";
import { sameJson } from "~/core/same-json";
import { bounded, type MeteredFeature, tally, timeProblem, type UsageReport } from "~/core/usage";
import type { UsageReportBody } from "~/forms/usage";
import type { Lock, Queries } from "~db/database";
import { readTenantFacts } from "~db/store/facts.server";
import {
  addToTotals,
  type Counter,
  holdTotal,
  type NewReport,
  type NotedReport,
  noteReports,
  readReports,
  type Total,
} from "~db/store/usage.server";
import { catalogueIn } from "./change.server";
import type { Services } from "./services.server";
import { type Counted, counterOf, type Standing, standingsOf } from "./usage-standing.server";

export type Refused = { status: "refused"; code: string; message: string; field: string };
export type Recorded = ({ status: "recorded" | "duplicate" } & Standing) | Refused;

type Valid = Counted & { body: UsageReportBody };

const refused = (code: string, message: string, field: string): Refused => ({ status: "refused", code, message, field });
const keyOf = ({ tenant, idempotencyKey }: { tenant: string; idempotencyKey: string }) => `${tenant}\n${idempotencyKey}`;
const reportOf = ({ feature, action, quantity, time }: UsageReportBody): Json => [feature, action, quantity, time ?? null];
const counterLock = ({ tenant, feature }: Omit<Counter, "periodStart">): Lock => ({ key: `usage:${tenant}\n${feature}` });

type Named = { tenant: string; feature: string };
type Found = { tenant: TenantFacts; feature: MeteredFeature };

function find({ tenant: tenantKey, feature: featureKey }: Named, tenant: TenantFacts | null, catalogue: Catalogue): Found | Refused {
  if (!tenant) return refused("tenant_not_found", `There is no tenant ${tenantKey}.`, "tenant");
  const feature = catalogue.features.get(featureKey);
  if (!feature) return refused("feature_not_found", `There is no feature ${featureKey}.`, "feature");
  if (feature.type !== "metered")
    return refused("feature_type", `${feature.name} is not metered, so nothing of it is consumed.`, "feature");
  return { tenant, feature };
}

async function known({ facts }: Services, named: Named): Promise<Found | Refused> {
  const tenant = (await facts.tenant(named.tenant)).facts;
  return find(named, tenant, facts.catalogue());
}

async function check(services: Services, body: UsageReportBody): Promise<Valid | Refused> {
  const now = services.now();
  const at = body.time ?? now;
  const late = timeProblem(at, now);
  if (late) return refused("time_out_of_range", late, "time");
  const found = await known(services, body);
  return "status" in found ? found : { body, at, ...found };
}

const isUnknown = (found: object) => "code" in found && (found.code === "tenant_not_found" || found.code === "feature_not_found");

/** What is not known here may be new, and made by another process that word has not come from yet. */
async function checkAll(services: Services, reports: UsageReportBody[]): Promise<(Valid | Refused)[]> {
  const all = () => Promise.all(reports.map((body) => check(services, body)));
  const checked = await all();
  if (!checked.some(isUnknown)) return checked;
  await services.facts.catchUpNow();
  return all();
}

/**
 * Takes reports of consumption: each is recorded, known already, or refused by itself. What is said to be recorded is on
 * the disk. Throws FactsUnavailable.
 */
export async function recordUsage(services: Services, reports: UsageReportBody[]): Promise<Recorded[]> {
  const { db, now, usage } = services;
  const checked = await checkAll(services, reports);
  const valid = new Map<string, Valid>();
  for (const c of checked) if (!("status" in c) && !valid.has(keyOf(c.body))) valid.set(keyOf(c.body), c);
  if (valid.size === 0) return checked as Refused[];

  const noted = [...valid.values()].map(({ body }): NewReport => ({ ...pick(body), report: reportOf(body) }));
  const { fresh, totals } = await db.transaction([], async (tx) => {
    const fresh = await noteReports(tx, db.tables, noted, now());
    const changes = changesOf([...valid.values()].filter((v) => fresh.has(keyOf(v.body))));
    return { fresh, totals: await addToTotals(tx, db.tables, changes, now()) };
  });
  usage.took(totals);
  const before = await reportsBefore(
    services,
    noted.filter((n) => !fresh.has(keyOf(n))),
  );
  const told = checked.map((c): ({ status: "recorded" | "duplicate" } & { of: Counted }) | Refused => {
    if ("status" in c) return c;
    const key = keyOf(c.body);
    const counted = valid.get(key) as Valid;
    const isFresh = fresh.has(key);
    if (isFresh && counted === c) return { status: "recorded", of: c };
    // One that was forgotten meanwhile cannot be told from this one.
    const first = isFresh ? { report: reportOf(counted.body), recordedAt: counted.at } : before.get(key);
    if (first && !sameJson(first.report, reportOf(c.body))) return mixedUp;
    return { status: "duplicate", of: { ...c, at: c.body.time ?? first?.recordedAt ?? c.at } };
  });
  const standing = await standingsOf(
    services,
    told.flatMap((r) => (r.status === "refused" ? [] : [r.of])),
    totals,
  );
  return told.map((r): Recorded => (r.status === "refused" ? r : { status: r.status, ...standing(r.of) }));
}

const mixedUp = refused(
  "idempotency_key_reused",
  "This idempotency key was used for another report. Give every report its own.",
  "idempotencyKey",
);
const pick = ({ tenant, feature, idempotencyKey }: UsageReportBody) => ({ tenant, feature, idempotencyKey });

/** The first reports of keys that were there already. */
async function reportsBefore({ db }: Services, noted: NewReport[]): Promise<Map<string, NotedReport>> {
  return new Map((await readReports(db.read, db.tables, noted)).map((r) => [keyOf(r), r]));
}

function changesOf(reports: Valid[]): (Counter & ReturnType<typeof tally>)[] {
  const counters = new Map<string, { counter: Counter; reports: Pick<UsageReport, "action" | "quantity">[] }>();
  for (const { body, ...counted } of reports) {
    const counter = counterOf(counted);
    const name = JSON.stringify(counter);
    const entry = counters.get(name) ?? { counter, reports: [] };
    entry.reports.push(body);
    counters.set(name, entry);
  }
  return [...counters.values()].map(({ counter, reports }) => ({ ...counter, ...tally(reports) }));
}

export type Consumed = { consumed: boolean; tenant: string; feature: string; entitlement: ReturnType<typeof entitlement> };

/**
 * Consumes and answers, or refuses and consumes nothing: of many that ask at once for the last units exactly as many get
 * them as there are. The same idempotency key gets the same answer again. Throws FactsUnavailable.
 */
export async function consume(
  services: Services,
  body: { tenant: string; feature: string; quantity: number; idempotencyKey?: string },
): Promise<Consumed | Refused> {
  const { db, now, checks, usage, counts } = services;
  let asked = await known(services, body);
  if (isUnknown(asked)) {
    await services.facts.catchUpNow();
    asked = await known(services, body);
  }
  if ("status" in asked) return asked;
  const first = asked;
  const { flags } = await checks.ground(body.tenant, undefined, [body.feature]);
  const report: Json = ["consume", body.feature, body.quantity];
  let decided: Decision | undefined;
  let taken: Total[] = [];

  const result = await db.transaction([counterLock(body)], async (tx): Promise<Consumed | Refused> => {
    if (body.idempotencyKey !== undefined) {
      const [before] = await readReports(tx, db.tables, [{ tenant: body.tenant, idempotencyKey: body.idempotencyKey }]);
      if (before) return sameJson(before.report, report) && before.answer ? (before.answer as unknown as Consumed) : mixedUp;
    }
    const held = await hold(services, tx, body, first);
    if ("status" in held) return held;
    const { tenant, catalogue, feature, counter, used, at } = held;
    const flag = feature.flag ? flags.readings.get(feature.flag.key) : undefined;
    const answerAfter = (used: number, requested: number) =>
      decide({ tenant, catalogue, feature: feature.key, now: at, requested, usage: { used }, flag });
    const decision = answerAfter(used, body.quantity);
    decided = decision;
    const consumed = decision.entitled;
    // What it has from now on, told as it is: after the last unit that is a yes to what was asked, with 0 remaining.
    const shown = consumed ? answerAfter(bounded(used + body.quantity), 0) : decision;
    const answer: Consumed = {
      consumed,
      tenant: body.tenant,
      feature: body.feature,
      entitlement: entitlement(shown, tenant, catalogue),
    };
    if (body.idempotencyKey !== undefined) {
      const noted = {
        tenant: body.tenant,
        feature: body.feature,
        idempotencyKey: body.idempotencyKey,
        report,
        answer: answer as unknown as Json,
      };
      await noteReports(tx, db.tables, [noted], at);
    }
    if (consumed) taken = await addToTotals(tx, db.tables, [{ ...counter, ...tally([{ action: "add", quantity: body.quantity }]) }], at);
    return answer;
  });
  usage.took(taken);
  if (decided) counts.count(body.tenant, [decided], now());
  return result;
}

type Hold = Found & { catalogue: Catalogue; counter: Counter; used: number; at: Instant };

/**
 * The counter of the present period, which nobody else changes until this transaction ends, and the facts and the instant of
 * after the wait for it: meanwhile a plan may have been changed, a grant ended, or a new period begun.
 */
async function hold(services: Services, tx: Queries, named: Named, asked: Found): Promise<Hold | Refused> {
  const { db, now } = services;
  let found = asked;
  for (let at = now(); ; ) {
    const counter = counterOf({ ...found, at });
    const used = await holdTotal(tx, db.tables, counter, at);
    const catalogue = await catalogueIn(services, tx);
    const read = find(named, await readTenantFacts(tx, db.tables, named.tenant), catalogue);
    if ("status" in read) return read;
    at = now();
    if (counterOf({ ...read, at }).periodStart === counter.periodStart) return { ...read, catalogue, counter, used, at };
    found = read;
  }
}
