import { entitlement } from "~/core/answer";
import type { Decision } from "~/core/decide";
import type { Instant, Json, TenantFacts } from "~/core/model";
import { sameJson } from "~/core/same-json";
import { bounded, counterStart, type MeteredFeature, tally, timeProblem, type UsageReport } from "~/core/usage";
import type { UsageReportBody } from "~/forms/usage";
import type { Lock } from "~db/database";
import { addToTotals, type Counter, holdTotal, type NewReport, noteReports, readReports, type Total } from "~db/store/usage.server";
import type { Services } from "./services.server";

export type Refused = { status: "refused"; code: string; message: string; field: string };
export type Recorded = { status: "recorded" | "duplicate" } | Refused;

type Valid = { body: UsageReportBody; feature: MeteredFeature; tenant: TenantFacts; at: Instant };

const refused = (code: string, message: string, field: string): Refused => ({ status: "refused", code, message, field });
const keyOf = ({ tenant, idempotencyKey }: { tenant: string; idempotencyKey: string }) => `${tenant}\n${idempotencyKey}`;
const reportOf = ({ feature, action, quantity, time }: UsageReportBody): Json => [feature, action, quantity, time ?? null];
const counterLock = ({ tenant, feature }: Omit<Counter, "periodStart">): Lock => ({ key: `usage:${tenant}\n${feature}` });

async function known(
  services: Services,
  tenantKey: string,
  featureKey: string,
): Promise<{ tenant: TenantFacts; feature: MeteredFeature } | Refused> {
  const { facts } = services;
  const tenant = (await facts.tenant(tenantKey)).facts;
  if (!tenant) return refused("tenant_not_found", `There is no tenant ${tenantKey}.`, "tenant");
  const feature = facts.catalogue().features.get(featureKey);
  if (!feature) return refused("feature_not_found", `There is no feature ${featureKey}.`, "feature");
  if (feature.type !== "metered")
    return refused("feature_type", `${feature.name} is not metered, so nothing of it is consumed.`, "feature");
  return { tenant, feature };
}

async function check(services: Services, body: UsageReportBody): Promise<Valid | Refused> {
  const now = services.now();
  const at = body.time ?? now;
  const late = timeProblem(at, now);
  if (late) return refused("time_out_of_range", late, "time");
  const found = await known(services, body.tenant, body.feature);
  return "status" in found ? found : { body, at, ...found };
}

/**
 * Takes reports of consumption: each is recorded, known already, or refused by itself. What is said to be recorded is on
 * the disk. Throws FactsUnavailable.
 */
export async function recordUsage(services: Services, reports: UsageReportBody[]): Promise<Recorded[]> {
  const { db, now, usage } = services;
  const checked = await Promise.all(reports.map((body) => check(services, body)));
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
  const counted = await reportsBefore(
    services,
    noted.filter((n) => !fresh.has(keyOf(n))),
  );
  for (const n of noted) if (fresh.has(keyOf(n))) counted.set(keyOf(n), n.report);
  return checked.map((c): Recorded => {
    if ("status" in c) return c;
    const key = keyOf(c.body);
    if (fresh.has(key) && valid.get(key) === c) return { status: "recorded" };
    // One that was forgotten meanwhile cannot be told from this one.
    const first = counted.get(key);
    return first === undefined || sameJson(first, reportOf(c.body)) ? { status: "duplicate" } : mixedUp;
  });
}

const mixedUp = refused(
  "idempotency_key_reused",
  "This idempotency key was used for another report. Give every report its own.",
  "idempotencyKey",
);
const pick = ({ tenant, feature, idempotencyKey }: UsageReportBody) => ({ tenant, feature, idempotencyKey });

/** What the first report of each key said, of keys that were there already. */
async function reportsBefore({ db }: Services, noted: NewReport[]): Promise<Map<string, Json>> {
  return new Map((await readReports(db.read, db.tables, noted)).map((r) => [keyOf(r), r.report]));
}

function changesOf(reports: Valid[]): (Counter & ReturnType<typeof tally>)[] {
  const counters = new Map<string, { counter: Counter; reports: Pick<UsageReport, "action" | "quantity">[] }>();
  for (const { body, feature, tenant, at } of reports) {
    const counter = { tenant: tenant.key, feature: feature.key, periodStart: counterStart(feature, tenant, at) };
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
  const { db, now, checks, usage, counts, facts } = services;
  const found = await known(services, body.tenant, body.feature);
  if ("status" in found) return found;
  const ground = await checks.ground(body.tenant);
  const report: Json = ["consume", body.feature, body.quantity];
  let decided: Decision | undefined;
  let taken: Total[] = [];

  const result = await db.transaction([counterLock(body)], async (tx): Promise<Consumed | Refused> => {
    // One instant for all of it, after the wait for others: a new period may have begun meanwhile.
    const at = now();
    const counter: Counter = { tenant: body.tenant, feature: body.feature, periodStart: counterStart(found.feature, found.tenant, at) };
    if (body.idempotencyKey !== undefined) {
      const [before] = await readReports(tx, db.tables, [{ tenant: body.tenant, idempotencyKey: body.idempotencyKey }]);
      if (before) return sameJson(before.report, report) && before.answer ? (before.answer as unknown as Consumed) : mixedUp;
    }
    const answerAfter = (used: number, requested: number) => {
      const state = { totals: new Map([[`${counter.feature}\n${counter.periodStart}`, used]]) };
      const { decisions } = checks.answerFrom({ ...ground, usage: state }, [body.feature], at, requested);
      return decisions[0] as Decision;
    };
    const used = await holdTotal(tx, db.tables, counter, at);
    const decision = answerAfter(used, body.quantity);
    decided = decision;
    const consumed = decision.entitled;
    // What it has from now on, told as it is: after the last unit that is a yes to what was asked, with 0 remaining.
    const shown = consumed ? answerAfter(bounded(used + body.quantity), 0) : decision;
    const answer: Consumed = {
      consumed,
      tenant: body.tenant,
      feature: body.feature,
      entitlement: entitlement(shown, found.tenant, facts.catalogue()),
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
