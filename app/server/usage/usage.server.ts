import type { Catalogue } from "~/core/catalogue/catalogue";
import { type Counter, type CounterEvent, counterId, type MeteredFeature, timeProblem } from "~/core/decision/usage";
import type { Json, TenantFacts } from "~/core/model";
import { sameJson } from "~/core/same-json";
import type { UsageReportBody } from "~/forms/usage/usage";
import { keyIdOf, refusedOf, rightLocks } from "~/server/authority.server";
import { catalogueIn } from "~/server/changes/change.server";
import { FactsUnavailable } from "~/server/facts/facts-cache.server";
import type { Settled } from "~/server/process/request-batcher.server";
import type { Services } from "~/server/services.server";
import type { TransactionOptions } from "~db/database";
import { applyToCounters, lockCounters } from "~db/store/usage-counters.server";
import { type NewReport, type NotedReport, noteReports, readReports } from "~db/store/usage-reports.server";
import type { Total } from "~db/store/usage-totals.server";
import { type Balance, balancesOf, type Counted, counterOf } from "./balances.server";

export type UsageRefused = { status: "refused"; code: string; message: string; field: string };
/** `superseded`: recorded, but a newer `set` replaced it. */
type Taken = { status: "recorded" | "superseded" | "duplicate" };
export type Recorded = (Taken & Balance) | UsageRefused;

export type Valid = Counted & { body: UsageReportBody };

const refused = (code: string, message: string, field: string): UsageRefused => ({ status: "refused", code, message, field });
const keyOf = ({ tenant, idempotencyKey }: { tenant: string; idempotencyKey: string }) => `${tenant}\n${idempotencyKey}`;
const reportOf = ({ feature, action, quantity, time }: UsageReportBody): Json => [feature, action, quantity, time ?? null];

export type Named = { tenant: string; feature: string };
export type Found = { tenant: TenantFacts; feature: MeteredFeature };

export function find(
  { tenant: tenantKey, feature: featureKey }: Named,
  tenant: TenantFacts | null,
  catalogue: Catalogue,
): Found | UsageRefused {
  if (!tenant) return refused("tenant_not_found", `There is no tenant ${tenantKey}.`, "tenant");
  const feature = catalogue.features.get(featureKey);
  if (!feature) return refused("feature_not_found", `There is no feature ${featureKey}.`, "feature");
  if (feature.type !== "metered")
    return refused("feature_type", `${feature.name} is not metered, so nothing of it is consumed.`, "feature");
  return { tenant, feature };
}

export async function known({ facts }: Services, named: Named): Promise<Found | UsageRefused> {
  const tenant = (await facts.tenant(named.tenant)).facts;
  const found = find(named, tenant, facts.catalogue());
  // An app would drop an event that is refused for good.
  if (isUnknown(found) && facts.isStale()) throw new FactsUnavailable("The database cannot be read, and the feature may be new.");
  return found;
}

async function check(services: Services, body: UsageReportBody): Promise<Valid | UsageRefused> {
  const now = services.now();
  const at = body.time ?? now;
  const late = timeProblem(at, now);
  if (late) return refused("time_out_of_range", late, "time");
  const found = await known(services, body);
  return "status" in found ? found : { body, at, ...found };
}

export const isUnknown = (found: object) => "code" in found && (found.code === "tenant_not_found" || found.code === "feature_not_found");

/** An unknown tenant may have been created by another process whose notification has not arrived. */
async function checkAll(services: Services, reports: UsageReportBody[]): Promise<(Valid | UsageRefused)[]> {
  const all = () => Promise.all(reports.map((body) => check(services, body)));
  const checked = await all();
  if (!checked.some(isUnknown)) return checked;
  await services.facts.catchUpNow(reports.map(({ tenant }) => tenant));
  return all();
}

/**
 * Records usage events: each is recorded, a duplicate, or refused on its own. What is answered as recorded is durable.
 * Throws FactsUnavailable.
 */
export async function recordUsage(services: Services, reports: UsageReportBody[]): Promise<Recorded[]> {
  const checked = await checkAll(services, reports);
  const valid = new Map<string, Valid>();
  for (const c of checked) if (!("status" in c) && !valid.has(keyOf(c.body))) valid.set(keyOf(c.body), c);
  if (valid.size === 0) return checked as UsageRefused[];

  const { fresh, superseded, totals, features } = await services.gathered.usage({
    reports: [...valid.values()],
    authority: services.authority,
  });
  const before = await reportsBefore(
    services,
    [...valid.values()].filter(({ body }) => !fresh.has(keyOf(body))).map(({ body }) => body),
  );
  const told = checked.map((c): (Taken & { of: Counted }) | UsageRefused => {
    if ("status" in c) return c;
    const key = keyOf(c.body);
    const current = { ...c, feature: featureOf(c, features) };
    const counted = valid.get(key) as Valid;
    const isFresh = fresh.has(key);
    if (isFresh && counted === c) return { status: superseded.has(key) ? "superseded" : "recorded", of: current };
    // Indistinguishable from a first event if the earlier one was deleted.
    const first = isFresh ? { report: reportOf(counted.body), recordedAt: counted.at } : before.get(key);
    if (first && !sameJson(first.report, reportOf(c.body))) return mixedUp;
    return { status: "duplicate", of: { ...current, at: c.body.time ?? first?.recordedAt ?? c.at } };
  });
  const balance = await balancesOf(
    services,
    told.flatMap((r) => (r.status === "refused" ? [] : [r.of])),
    totals,
  );
  return told.map((r): Recorded => (r.status === "refused" ? r : { status: r.status, ...balance(r.of) }));
}

type Parts = Pick<Services, "db" | "env" | "now" | "facts" | "usage">;
export type ReportsToWrite = { reports: Valid[] } & Pick<Services, "authority">;
/**
 * `fresh`: new events by `keyOf`. `superseded`: those replaced by a newer `set`. `totals`: totals of the whole batch.
 * `features`: as they were when it was written.
 */
export type UsageWritten = { fresh: Set<string>; superseded: Set<string>; totals: Total[]; features: Catalogue["features"] };

/** Writes the events of concurrent requests in one transaction. Of two with the same key the first is new. */
export async function writeUsage(parts: Parts, requests: ReportsToWrite[], options: TransactionOptions): Promise<Settled<UsageWritten>[]> {
  const { db, now, usage } = parts;
  const { refused, unique, fresh, superseded, totals, features } = await db.transaction(
    rightLocks(requests),
    async (tx) => {
      const refused = await refusedOf(parts, tx, requests);
      // A reset period may have changed since the events were checked.
      const { features } = await catalogueIn(parts, tx);
      const unique = new Map<string, Valid>();
      const senders = new Map<string, string | null>();
      for (const request of requests) {
        if (refused.has(request)) continue;
        for (const r of request.reports) {
          if (unique.has(keyOf(r.body))) continue;
          unique.set(keyOf(r.body), r);
          senders.set(keyOf(r.body), keyIdOf(request.authority));
        }
      }
      const reports = [...unique.values()].map((r) => ({ ...r, feature: featureOf(r, features) }));
      const noted = reports.map((r) => ({ ...notedOf(r), apiKey: senders.get(keyOf(r.body)) ?? null }));
      const fresh = await noteReports(tx, db.tables, noted, now());
      const byCounter = eventsByCounter(
        reports.filter((v) => fresh.has(keyOf(v.body))),
        senders,
      );
      const locked = await lockCounters(
        tx,
        db.tables,
        [...byCounter.values()].map(({ counter }) => counter),
      );
      const changes = locked.map((counter) => ({ locked: counter, events: byCounter.get(counterId(counter))?.events ?? [] }));
      const { totals, counted } = await applyToCounters(tx, db.tables, changes, now());
      const replaced = changes.flatMap(({ events }, i) => events.filter((_, at) => counted[i]?.[at] === false));
      return { refused, unique, fresh, superseded: new Set(replaced.map(({ key }) => key)), totals, features };
    },
    options,
  );
  usage.took(totals);
  return requests.map((request) => {
    if (refused.has(request)) return { error: refused.get(request) };
    const mine = request.reports.filter((r) => unique.get(keyOf(r.body)) === r).map((r) => keyOf(r.body));
    return { result: { fresh: new Set(mine.filter((key) => fresh.has(key))), superseded, totals, features } };
  });
}

/** The feature as it is when it is written. It stays metered. */
function featureOf({ feature }: Counted, features: Catalogue["features"]): MeteredFeature {
  const current = features.get(feature.key);
  return current?.type === "metered" ? current : feature;
}

function notedOf({ body, ...counted }: Valid): Omit<NewReport, "apiKey"> {
  const { tenant, feature, idempotencyKey, action, quantity } = body;
  const { periodKind, periodStart } = counterOf(counted);
  const added = action === "add" ? quantity : null;
  return { tenant, feature, idempotencyKey, report: reportOf(body), at: counted.at, periodKind, periodStart, added };
}

export const mixedUp = refused(
  "idempotency_key_reused",
  "This idempotency key was used for another report. Give every report its own.",
  "idempotencyKey",
);
/** First events of keys that already exist. */
async function reportsBefore({ db }: Services, noted: Pick<NotedReport, "tenant" | "idempotencyKey">[]): Promise<Map<string, NotedReport>> {
  return new Map((await readReports(db.read, db.tables, noted)).map((r) => [keyOf(r), r]));
}

type KeyedEvent = CounterEvent & { key: string };

function eventsByCounter(reports: Valid[], senders: Map<string, string | null>): Map<string, { counter: Counter; events: KeyedEvent[] }> {
  const counters = new Map<string, { counter: Counter; events: KeyedEvent[] }>();
  for (const report of reports) {
    const { body, ...counted } = report;
    const counter = counterOf(counted);
    const entry = counters.get(counterId(counter)) ?? { counter, events: [] };
    entry.events.push({ action: body.action, quantity: body.quantity, at: counted.at, key: keyOf(body), by: senders.get(keyOf(body)) });
    counters.set(counterId(counter), entry);
  }
  return counters;
}
