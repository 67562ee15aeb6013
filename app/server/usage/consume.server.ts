import { randomUUID } from "node:crypto";
import type { Catalogue } from "~/core/catalogue/catalogue";
import { entitlement } from "~/core/decision/answer";
import { countersOfTenant, totalOf } from "~/core/decision/counters";
import { type Decision, decide } from "~/core/decision/decide";
import { type Counter, type CounterEvent, counterId, shownUsed } from "~/core/decision/usage";
import type { Instant, Json, TenantFacts } from "~/core/model";
import { sameJson } from "~/core/same-json";
import { keyIdOf, refusedOf, rightLocks } from "~/server/authority.server";
import { catalogueIn } from "~/server/changes/change.server";
import type { Settled } from "~/server/process/request-batcher.server";
import type { KeepAnswer, Services } from "~/server/services.server";
import type { Lock, Queries, TransactionOptions } from "~db/database";
import { readCurrentTenants } from "~db/store/current-tenants.server";
import { applyToCounters, type LockedCounter, lockCounters } from "~db/store/usage-counters.server";
import { type NewReport, noteReports, readReports } from "~db/store/usage-reports.server";
import { readTotalsOf } from "~db/store/usage-totals.server";
import { counterOf } from "./balances.server";
import { type Found, find, isUnknown, known, mixedUp, type Named, type UsageRefused } from "./usage.server";

export type Consumed = { consumed: boolean; tenant: string; feature: string; entitlement: ReturnType<typeof entitlement> };

type Body = Named & { quantity: number; idempotencyKey?: string };
type Flags = Awaited<ReturnType<Services["checks"]["context"]>>["flags"];
export type ConsumeToWrite = { body: Body; found: Found; flags: Flags; keepAnswer?: KeepAnswer } & Pick<Services, "authority">;
type Parts = Pick<Services, "db" | "env" | "now" | "facts" | "usage" | "counts">;

/**
 * Consumes and answers, or refuses and consumes nothing. Of concurrent requests for the last units exactly as many
 * succeed as there are units. The same idempotency key gets the same answer. Throws FactsUnavailable.
 */
export async function consume(services: Services, body: Body): Promise<Consumed | UsageRefused> {
  let found = await known(services, body);
  if (isUnknown(found)) {
    await services.facts.catchUpNow([body.tenant]);
    found = await known(services, body);
  }
  if ("status" in found) return found;
  const { flags } = await services.checks.context(body.tenant, undefined, [body.feature]);
  return services.gathered.consume({ body, found, flags, keepAnswer: services.keepAnswer, authority: services.authority });
}

/** Decides concurrent requests one after another in one transaction. */
export async function writeConsumption(
  parts: Parts,
  requests: ConsumeToWrite[],
  options: TransactionOptions,
): Promise<Settled<Consumed | UsageRefused>[]> {
  const { db, now, usage, counts } = parts;
  const bodies = requests.map(({ body }) => body);
  const locks = [...new Map(bodies.map((body) => [counterLock(body).key, counterLock(body)])).values()];
  const { refused, decided, totals } = await db.transaction(
    [...locks, ...rightLocks(requests)],
    async (tx) => {
      const refused = await refusedOf(parts, tx, requests);
      const allowed = requests.filter((request) => !refused.has(request));
      const before = await answersBefore(
        parts,
        tx,
        allowed.map(({ body }) => body),
      );
      const held = await hold(parts, tx, allowed);
      const decided = new Map(allowed.map((request) => [request, decideOne(request, held, before)]));
      const all = [...decided.values()];
      const noted = all.flatMap(({ noted }) => (noted ? [noted] : []));
      await noteReports(tx, db.tables, noted, held.at);
      const changes = [...held.counters.values()].filter(({ events }) => events.length > 0);
      const { totals } = await applyToCounters(tx, db.tables, changes, held.at);
      for (const [{ keepAnswer }, { answer }] of decided) await keepAnswer?.(tx, answer);
      return { refused, decided, totals };
    },
    options,
  );
  usage.took(totals);
  for (const [{ body }, { decision }] of decided) if (decision) counts.count(body.tenant, [decision], now());
  return requests.map((request) => {
    const one = decided.get(request);
    return one ? { result: one.answer } : { error: refused.get(request) };
  });
}

const counterLock = ({ tenant, feature }: Named): Lock => ({ key: `usage:${tenant}\n${feature}` });
const reportOf = ({ feature, quantity }: Body): Json => ["consume", feature, quantity];
const eventName = ({ tenant, idempotencyKey }: { tenant: string; idempotencyKey?: string }) => `${tenant}\n${idempotencyKey}`;

/** Stored answers by `eventName`. Null if the key was used for another request. */
type AnswersBefore = Map<string, { report: Json; answer: Json | null }>;

async function answersBefore({ db }: Parts, tx: Queries, bodies: Body[]): Promise<AnswersBefore> {
  const wanted = new Map<string, { tenant: string; idempotencyKey: string }>();
  for (const { tenant, idempotencyKey } of bodies) {
    if (idempotencyKey !== undefined) wanted.set(eventName({ tenant, idempotencyKey }), { tenant, idempotencyKey });
  }
  return new Map((await readReports(tx, db.tables, [...wanted.values()])).map((r) => [eventName(r), r]));
}

/** A counter, its events in this batch, and the running sum of its total. */
type OpenCounter = { locked: LockedCounter; events: CounterEvent[]; sum: bigint };
type LockedState = { at: Instant; catalogue: Catalogue; tenants: Map<string, TenantFacts | null>; counters: Map<string, OpenCounter> };

/**
 * Locks the counters of the current period until the transaction ends, then reads facts and clock. Both are read after
 * waiting for the locks, because a plan, a grant or the period may have changed.
 */
async function hold(services: Parts, tx: Queries, requests: ConsumeToWrite[]): Promise<LockedState> {
  const { db, now } = services;
  let wanted = countersOf(
    requests.map(({ found }) => found),
    now(),
  );
  const counters = new Map<string, OpenCounter>();
  for (;;) {
    for (const locked of await lockCounters(tx, db.tables, wanted)) {
      counters.set(counterId(locked), { locked, events: [], sum: locked.sum });
    }
    const catalogue = await catalogueIn(services, tx);
    const at = now();
    const keys = [...new Set(requests.map(({ body }) => body.tenant))];
    const { facts: tenants } = await readCurrentTenants(tx, db.tables, keys, () => catalogue, at);
    const present = requests.flatMap(({ body }) => {
      const found = find(body, tenants.get(body.tenant) ?? null, catalogue);
      return "status" in found ? [] : [found];
    });
    wanted = countersOf(present, at).filter((counter) => !counters.has(counterId(counter)));
    if (wanted.length > 0) continue;
    await addCarried(services, tx, present, counters, at);
    return { at, catalogue, tenants, counters };
  }
}

/** Adds to each counter's running sum what is carried to it. */
async function addCarried({ db }: Parts, tx: Queries, found: Found[], counters: Map<string, OpenCounter>, at: Instant): Promise<void> {
  const lists = new Map(found.map((f) => countersOfTenant(f.feature, f.tenant, at)).map((list) => [counterId(list[0] as Counter), list]));
  const carried = [...lists.values()].flatMap(([, ...carried]) => carried);
  const sums = new Map((await readTotalsOf(tx, db.tables, carried)).map((total) => [counterId(total), total]));
  for (const [id, list] of lists) {
    const open = counters.get(id);
    if (open) open.sum = totalOf(list, (counter) => (counterId(counter) === id ? open.locked : sums.get(counterId(counter)))).sum;
  }
}

function countersOf(found: Found[], at: Instant): Counter[] {
  return [...new Map(found.map((f) => counterOf({ ...f, at })).map((c) => [counterId(c), c])).values()];
}

type DecidedOne = { answer: Consumed | UsageRefused; decision?: Decision; noted?: NewReport };

/** Updates the running sum and remembers the answer for later requests of the same batch. */
function decideOne({ body, flags, authority }: ConsumeToWrite, held: LockedState, before: AnswersBefore): DecidedOne {
  const { tenant: tenantKey, feature: featureKey, quantity, idempotencyKey } = body;
  const report = reportOf(body);
  const earlier = idempotencyKey === undefined ? undefined : before.get(eventName(body));
  if (earlier) return { answer: sameJson(earlier.report, report) && earlier.answer ? (earlier.answer as unknown as Consumed) : mixedUp };
  const { at, catalogue, tenants, counters } = held;
  const found = find(body, tenants.get(tenantKey) ?? null, catalogue);
  if ("status" in found) return { answer: found };
  const { tenant, feature } = found;
  const counter = counterOf({ tenant, feature, at });
  const open = counters.get(counterId(counter));
  if (!open) throw new Error("A counter was decided on that is not locked.");
  const flag = feature.flag ? flags.readings.get(feature.flag.key) : undefined;
  const decideAfter = (used: number, requested: number) =>
    decide({ tenant, catalogue, feature: featureKey, now: at, requested, usage: { used }, flag });
  const decision = decideAfter(shownUsed(open.sum), quantity);
  const consumed = decision.entitled;
  // Decided on the current sum, so it counts even if a `set` came from a clock that is ahead.
  const event: CounterEvent = { action: "add", quantity, at: Math.max(at, open.locked.setAt ?? at) };
  if (consumed) open.events.push(event);
  if (consumed) open.sum += BigInt(quantity);
  // The answer shows the state after consumption: the last unit is granted with 0 remaining.
  const shown = consumed ? decideAfter(shownUsed(open.sum), 0) : decision;
  const answer: Consumed = { consumed, tenant: tenantKey, feature: featureKey, entitlement: entitlement(shown, tenant, catalogue) };
  const { periodKind, periodStart } = counter;
  const noted: NewReport = {
    ...{ tenant: tenantKey, feature: featureKey, report, periodKind, periodStart, at: event.at },
    // Contains a space, which app keys cannot.
    idempotencyKey: idempotencyKey ?? ` ${randomUUID()}`,
    answer: answer as unknown as Json,
    added: consumed ? quantity : null,
    apiKey: keyIdOf(authority),
  };
  if (idempotencyKey !== undefined) before.set(eventName(body), { report, answer: noted.answer ?? null });
  // A refusal without a key cannot be repeated and is not stored.
  return { answer, decision, noted: consumed || idempotencyKey !== undefined ? noted : undefined };
}
