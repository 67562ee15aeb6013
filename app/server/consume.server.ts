import { entitlement } from "~/core/answer";
import type { Catalogue } from "~/core/catalogue";
import { type Decision, decide } from "~/core/decide";
import type { Instant, Json, TenantFacts } from "~/core/model";
import { sameJson } from "~/core/same-json";
import { bounded, tally } from "~/core/usage";
import type { Lock, Queries, TransactionOptions } from "~db/database";
import { readTenantsByKey } from "~db/store/tenant-documents.server";
import { addToTotals, type Counter, holdTotals, type NewReport, noteReports, readReports } from "~db/store/usage.server";
import { refusedOf, rightLocks } from "./authority.server";
import { catalogueIn } from "./change.server";
import type { Settled } from "./gather.server";
import type { KeepAnswer, Services } from "./services.server";
import { type Found, find, isUnknown, known, mixedUp, type Named, type Refused } from "./usage.server";
import { counterOf } from "./usage-standing.server";

export type Consumed = { consumed: boolean; tenant: string; feature: string; entitlement: ReturnType<typeof entitlement> };

type Body = Named & { quantity: number; idempotencyKey?: string };
type Flags = Awaited<ReturnType<Services["checks"]["ground"]>>["flags"];
export type ConsumeToWrite = { body: Body; found: Found; flags: Flags; keepAnswer?: KeepAnswer } & Pick<Services, "authority">;
type Parts = Pick<Services, "db" | "env" | "now" | "facts" | "usage" | "counts">;

/**
 * Consumes and answers, or refuses and consumes nothing: of many that ask at once for the last units exactly as many get
 * them as there are. The same idempotency key gets the same answer again. Throws FactsUnavailable.
 */
export async function consume(services: Services, body: Body): Promise<Consumed | Refused> {
  let found = await known(services, body);
  if (isUnknown(found)) {
    await services.facts.catchUpNow();
    found = await known(services, body);
  }
  if ("status" in found) return found;
  const { flags } = await services.checks.ground(body.tenant, undefined, [body.feature]);
  return services.gathered.consume({ body, found, flags, keepAnswer: services.keepAnswer, authority: services.authority });
}

/** Decides on requests that came at the same time, one after the other, in one transaction. */
export async function writeConsumption(
  parts: Parts,
  requests: ConsumeToWrite[],
  options: TransactionOptions,
): Promise<Settled<Consumed | Refused>[]> {
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
      const changes = changesOf(all.flatMap(({ taken }) => (taken ? [taken] : [])));
      const totals = await addToTotals(tx, db.tables, changes, held.at);
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
const counterName = ({ tenant, feature, periodStart }: Counter) => `${tenant}\n${feature}\n${periodStart}`;

/** What was answered, by `eventName`. Null: the key was used for something else. */
type AnswersBefore = Map<string, { report: Json; answer: Json | null }>;

async function answersBefore({ db }: Parts, tx: Queries, bodies: Body[]): Promise<AnswersBefore> {
  const wanted = new Map<string, { tenant: string; idempotencyKey: string }>();
  for (const { tenant, idempotencyKey } of bodies) {
    if (idempotencyKey !== undefined) wanted.set(eventName({ tenant, idempotencyKey }), { tenant, idempotencyKey });
  }
  return new Map((await readReports(tx, db.tables, [...wanted.values()])).map((r) => [eventName(r), r]));
}

/** `used`: running totals by counter name. */
type Held = { at: Instant; catalogue: Catalogue; tenants: Map<string, TenantFacts | null>; used: Map<string, number> };

/**
 * Locks the counters of the current period until the transaction ends, then reads the facts and the clock. Both are read after
 * the wait for the locks, because a plan may have changed, a grant ended or a new period begun meanwhile.
 */
async function hold(services: Parts, tx: Queries, requests: ConsumeToWrite[]): Promise<Held> {
  const { db, now } = services;
  let counters = countersOf(
    requests.map(({ found }) => found),
    now(),
  );
  const used = new Map<string, number>();
  for (;;) {
    const before = now();
    for (const total of await holdTotals(tx, db.tables, counters, before)) used.set(counterName(total), total.used);
    for (const counter of counters) if (!used.has(counterName(counter))) used.set(counterName(counter), 0);
    const catalogue = await catalogueIn(services, tx);
    const tenants = await readTenantsByKey(tx, db.tables, [...new Set(requests.map(({ body }) => body.tenant))]);
    const at = now();
    const present = requests.flatMap(({ body }) => {
      const found = find(body, tenants.get(body.tenant) ?? null, catalogue);
      return "status" in found ? [] : [found];
    });
    counters = countersOf(present, at).filter((counter) => !used.has(counterName(counter)));
    if (counters.length === 0) return { at, catalogue, tenants, used };
  }
}

function countersOf(found: Found[], at: Instant): Counter[] {
  return [...new Map(found.map((f) => counterOf({ ...f, at })).map((c) => [counterName(c), c])).values()];
}

type Taken = { counter: Counter; quantity: number };
type DecidedOne = { answer: Consumed | Refused; decision?: Decision; noted?: NewReport; taken?: Taken };

/** Moves the running total, and remembers the answer for those of the same batch that come after it. */
function decideOne({ body, flags }: ConsumeToWrite, held: Held, before: AnswersBefore): DecidedOne {
  const { tenant: tenantKey, feature: featureKey, quantity, idempotencyKey } = body;
  const report = reportOf(body);
  const earlier = idempotencyKey === undefined ? undefined : before.get(eventName(body));
  if (earlier) return { answer: sameJson(earlier.report, report) && earlier.answer ? (earlier.answer as unknown as Consumed) : mixedUp };
  const { at, catalogue, tenants, used: totals } = held;
  const found = find(body, tenants.get(tenantKey) ?? null, catalogue);
  if ("status" in found) return { answer: found };
  const { tenant, feature } = found;
  const counter = counterOf({ tenant, feature, at });
  const used = totals.get(counterName(counter)) ?? 0;
  const flag = feature.flag ? flags.readings.get(feature.flag.key) : undefined;
  const decideAfter = (used: number, requested: number) =>
    decide({ tenant, catalogue, feature: featureKey, now: at, requested, usage: { used }, flag });
  const decision = decideAfter(used, quantity);
  const consumed = decision.entitled;
  const usedAfter = consumed ? bounded(used + quantity) : used;
  totals.set(counterName(counter), usedAfter);
  // The answer shows the state after the consumption: the last unit is granted, with 0 remaining.
  const shown = consumed ? decideAfter(usedAfter, 0) : decision;
  const answer: Consumed = { consumed, tenant: tenantKey, feature: featureKey, entitlement: entitlement(shown, tenant, catalogue) };
  const taken = consumed ? { counter, quantity } : undefined;
  if (idempotencyKey === undefined) return { answer, decision, taken };
  const noted = { tenant: tenantKey, feature: featureKey, idempotencyKey, report, answer: answer as unknown as Json };
  before.set(eventName(body), noted);
  return { answer, decision, taken, noted };
}

function changesOf(taken: Taken[]): (Counter & ReturnType<typeof tally>)[] {
  const byCounter = new Map<string, { counter: Counter; quantities: number[] }>();
  for (const { counter, quantity } of taken) {
    const entry = byCounter.get(counterName(counter)) ?? { counter, quantities: [] };
    entry.quantities.push(quantity);
    byCounter.set(counterName(counter), entry);
  }
  return [...byCounter.values()].map(({ counter, quantities }) => ({
    ...counter,
    ...tally(quantities.map((quantity) => ({ action: "add", quantity }))),
  }));
}
