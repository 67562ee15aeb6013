import type { Instant } from "~/core/model";
import type { NewNotice } from "~/core/notices/notice";
import { day, isoDay, longDate, minute, startOfDay } from "~/core/time";
import { conversionWindowMs } from "~/core/trials/trial-chains";
import { nearLimit } from "~/core/usage/limit-fill";
import {
  demandEvent,
  featureNames,
  type LimitStep,
  limitEvent,
  limitStepOf,
  limitSteps,
  requestCreated,
} from "~/core/webhooks/figure-hook-events";
import type { HookEvent } from "~/core/webhooks/hook-event";
import { grantConverted } from "~/core/webhooks/tenant-hook-events";
import { readSyncHealth } from "~/server/posthog/groups/sync-health.server";
import type { Services } from "~/server/services.server";
import { usageLevelsOf } from "~/server/usage/usage-levels.server";
import { readFiguresState } from "~db/store/figures-state.server";
import { grantOf } from "~db/store/grants.server";
import { type RequestPlace, requestsCreatedAfter } from "~db/store/requests.server";
import {
  convertedTrials,
  endedSignals,
  type FilledLevel,
  featuresRefusedOften,
  findSignals,
  type KeyPlace,
  keysExpiring,
  levelsNearLimit,
  reportedLimits,
  type Signal,
} from "~db/store/signals.server";
import { readTenantsByKey } from "~db/store/tenant-documents.server";
import { grantsById } from "~db/store/trials.server";
import type { HookBatch, Listeners } from "./hook-writer.server";

/** Rows per batch. */
const batchSize = 500;
const keyNoticeMs = 14 * day;
/** PostHog may be away for this long before it is trouble, in ms. */
const posthogGraceMs = 10 * minute;
const requestsLookbackMs = 3 * day;
/** Outcomes are computed until some time after the conversion window. */
const conversionsLookbackMs = conversionWindowMs + day;

/** `isSilent`: what holds already is noted and not reported. */
type Given = Pick<Services, "db" | "facts"> & { now: Instant; listeners: Listeners; isSilent: boolean };
/** Where a step continues, as it left it; null: from its start. */
type Place = unknown;
/** `batch`: what to write, or null. `next`: null at the end. */
type Found = { batch: HookBatch | null; next: Place };

const nothing: Found = { batch: null, next: null };

function changes(events: HookEvent[], put: Signal[], notices: NewNotice[] = []): HookBatch | null {
  return put.length === 0 ? null : { events, notices, signals: { put, gone: [] } };
}

/** True while figures are recomputed for all tenants. Until then a missing figure has no meaning. */
export async function areFiguresRebuilt({ readAside: q, tables: t }: Given["db"]): Promise<boolean> {
  const state = await readFiguresState(q, t);
  return state !== null && (state.sweepAfter !== null || state.resetAfter !== null);
}

/** Signals that are over, so that they can be raised again. */
async function forgotten({ db, now }: Given, after: Place): Promise<Found> {
  const { readAside: q, tables: t } = db;
  if (await areFiguresRebuilt(db)) return nothing;
  const ended = await endedSignals(q, t, now, batchSize);
  const limits = await reportedLimits(q, t, { after: after as Parameters<typeof reportedLimits>[2]["after"], size: batchSize });
  const below = limits
    .filter(({ fill }) => fill === null || fill < nearLimit)
    .map(({ subject, feature }) => ({ kind: "limit" as const, subject, feature }));
  const gone = [...ended, ...below];
  const batch = gone.length === 0 ? null : { events: [], signals: { put: [], gone } };
  return { batch, next: limits.length < batchSize ? null : limits.at(-1) };
}

/** Limits that reached a step since they were last reported. The decision function says how full they are. */
async function limits({ db, facts, now, isSilent }: Given, after: Place): Promise<Found> {
  const { readAside: q, tables: t } = db;
  if (await areFiguresRebuilt(db)) return nothing;
  const near = await levelsNearLimit(q, t, { after: after as FilledLevel | null, size: batchSize });
  const next = near.length < batchSize ? null : near.at(-1);
  const nameOf = (tenant: string, feature: string) => `${tenant}\n${feature}`;
  const signals = await findSignals(q, t, "limit", [...new Set(near.map(({ tenant }) => tenant))]);
  const known = new Map(signals.map(({ subject, feature, level }) => [nameOf(subject, feature), level]));
  const fresh = near.filter(({ tenant, feature, fill }) => limitStepOf(fill) > (known.get(nameOf(tenant, feature)) ?? 0));
  if (fresh.length === 0) return { batch: null, next };
  const levels = await usageLevelsOf({ db, catalogue: facts.catalogue(), now }, [...new Set(fresh.map(({ tenant }) => tenant))]);
  const events: HookEvent[] = [];
  const put: Signal[] = [];
  for (const { tenant, feature, fill } of fresh) {
    const level = levels.get(tenant)?.find((one) => one.feature.key === feature);
    const step = Math.min(limitStepOf(fill), limitStepOf(level?.fill ?? 0)) as LimitStep | 0;
    const reported = known.get(nameOf(tenant, feature)) ?? 0;
    // The kept figure is of the period before. It is computed again within seconds.
    if (!level || step <= reported) continue;
    put.push({ kind: "limit", subject: tenant, feature, level: step, until: level.period.end });
    const { used, limit, period } = level;
    const use = { feature: level.feature, used, limit, periodEnd: period.end };
    const steps = limitSteps.filter((one) => one > reported && one <= step);
    events.push(...steps.map((one) => limitEvent(level.tenant, one, use, now)));
  }
  return { batch: changes(isSilent ? [] : events, put), next };
}

async function demand({ db, facts, now, listeners: { wanted, rules } }: Given): Promise<Found> {
  if (!wanted.has("feature.in_demand")) return nothing;
  const { readAside: q, tables: t } = db;
  const today = isoDay(now);
  const found = await featuresRefusedOften(q, t, { day: today, least: rules.demandPerDay, size: 1_000 });
  const known = new Set((await findSignals(q, t, "demand", [today])).map(({ feature }) => feature));
  const fresh = found.filter(({ feature }) => feature !== "*" && !known.has(feature));
  const nameOf = featureNames(facts.catalogue());
  const until = startOfDay(now) + 2 * day;
  const batch = changes(
    fresh.map(({ feature, refusals }) => demandEvent({ key: feature, name: nameOf(feature) }, today, refusals, now)),
    fresh.map(({ feature }) => ({ kind: "demand", subject: today, feature, level: 0, until })),
  );
  return { batch, next: null };
}

/** Conversions as the report on trials counts them. */
async function conversions({ db, facts, now, isSilent }: Given, after: Place): Promise<Found> {
  const { readAside: q, tables: t } = db;
  const from = (after ?? { endsAt: now - conversionsLookbackMs, grant: "" }) as { endsAt: Instant; grant: string };
  const found = await convertedTrials(q, t, { after: from, size: batchSize });
  const next = found.length < batchSize ? null : found.at(-1);
  const ids = found.map(({ grant }) => grant);
  const known = new Set((await findSignals(q, t, "converted", ids)).map(({ subject }) => subject));
  const fresh = found.filter(({ grant }) => !known.has(grant));
  if (fresh.length === 0) return { batch: null, next };
  const grants = await grantsById(
    q,
    t,
    fresh.map(({ grant }) => grant),
  );
  const tenants = await readTenantsByKey(q, t, [...new Set(fresh.map(({ tenant }) => tenant))]);
  const nameOf = featureNames(facts.catalogue());
  const events = fresh.flatMap(({ grant, tenant }) => {
    const [row, of] = [grants.get(grant), tenants.get(tenant)];
    return row && of ? [grantConverted(of, grantOf(row), now, nameOf)] : [];
  });
  const until = (endsAt: Instant) => endsAt + conversionsLookbackMs + day;
  const put = fresh.map(({ grant, endsAt }) => ({
    kind: "converted" as const,
    subject: grant,
    feature: "",
    level: 0,
    until: until(endsAt),
  }));
  return { batch: changes(isSilent ? [] : events, put), next };
}

async function keys({ db, now, listeners: { rules } }: Given, after: Place): Promise<Found> {
  if (!rules.kinds.includes("key_expires")) return nothing;
  const { readAside: q, tables: t } = db;
  const from = (after ?? { expiresAt: now, id: null }) as KeyPlace;
  const found = await keysExpiring(q, t, { after: from, to: now + keyNoticeMs, size: batchSize });
  const ids = found.map(({ id }) => id);
  const known = new Set((await findSignals(q, t, "key", ids)).map(({ subject }) => subject));
  const fresh = found.filter(({ id }) => !known.has(id));
  const batch = changes(
    [],
    fresh.map(({ id, expiresAt }) => ({ kind: "key", subject: id, feature: "", level: 0, until: expiresAt })),
    fresh.map(({ id, name, expiresAt }) => ({
      ...{ kind: "key_expires", at: now, about: id },
      text: `The API key “${name}” expires on ${longDate(expiresAt)} (UTC). Rotate it if it is still needed.`,
    })),
  );
  return { batch, next: found.length < batchSize ? null : found.at(-1) };
}

/** Requests of the last days, so that none is lost while no process runs for some time. */
async function requests({ db, facts, now, listeners: { wanted }, isSilent }: Given, after: Place): Promise<Found> {
  if (!wanted.has("request.created")) return nothing;
  const { readAside: q, tables: t } = db;
  const from = (after ?? { createdAt: now - requestsLookbackMs, id: "" }) as RequestPlace;
  const found = await requestsCreatedAfter(q, t, from, batchSize);
  const ids = found.map(({ id }) => id);
  const known = new Set((await findSignals(q, t, "request", ids)).map(({ subject }) => subject));
  const fresh = found.filter(({ id }) => !known.has(id));
  const tenants = await readTenantsByKey(q, t, [...new Set(fresh.map(({ tenant }) => tenant))]);
  const batch = changes(
    isSilent ? [] : fresh.map((request) => requestCreated(tenants.get(request.tenant) ?? null, request, facts.catalogue())),
    fresh.map(({ id, createdAt }) => ({
      ...{ kind: "request" as const, subject: id, feature: "", level: 0 },
      until: createdAt + 2 * requestsLookbackMs,
    })),
  );
  return { batch, next: found.length < batchSize ? null : found.at(-1) };
}

async function posthog({ db, now, listeners: { rules } }: Given): Promise<Found> {
  if (!rules.kinds.includes("posthog_trouble")) return nothing;
  const { readAside: q, tables: t } = db;
  const { down } = await readSyncHealth(q, t);
  const isTrouble = down !== null && now - down.since >= posthogGraceMs;
  const isKnown = (await findSignals(q, t, "posthog", [""])).length > 0;
  const signal = { kind: "posthog", subject: "", feature: "", level: 0, until: null } as const;
  if (isTrouble === isKnown) return nothing;
  if (!isTrouble) return { batch: { events: [], signals: { put: [], gone: [signal] } }, next: null };
  const text = "PostHog has not taken group properties for ten minutes. They wait and are sent once it answers.";
  return { batch: changes([], [signal], [{ kind: "posthog_trouble", at: now, text, about: null }]), next: null };
}

/** Each runs until `next` is null. Its batch is written before it continues. */
export const figureSteps: readonly ((given: Given, after: Place) => Promise<Found>)[] = [
  forgotten,
  limits,
  demand,
  conversions,
  keys,
  requests,
  posthog,
];
