import { isoOrNull, isoTime } from "~/core/time";
import type { findStaleFlags } from "~/server/catalogue/stale-flags.server";
import type { FlagStatus } from "~/server/posthog/flags/flag-readings";
import type { metadataOptions } from "~/server/posthog/groups/synced-metadata.server";
import type { driftStatus } from "~/server/posthog/jobs/drift.server";
import type { syncStatus, tenantSync } from "~/server/tenants/posthog-status.server";
import type { tenantFlags } from "~/server/tenants/tenant-flags.server";

type Result<F extends (...given: never[]) => unknown> = NonNullable<Awaited<ReturnType<F>>>;

const troubleOnWire = (trouble: FlagStatus["trouble"]) => trouble && { since: isoTime(trouble.since), why: trouble.why };

type Resync = NonNullable<Result<typeof syncStatus>["resync"]>;

const resyncOnWire = ({ by, startedAt, total, done, doneAt, job }: Resync) => ({
  ...{ by, startedAt: isoTime(startedAt), total, done },
  ...{ doneAt: isoOrNull(doneAt), job },
});

export function groupSyncOnWire({
  host,
  appHost,
  groupType,
  projectId,
  counts,
  health,
  resync,
  waiting,
  flags,
}: Result<typeof syncStatus>) {
  const { lastSentAt, lastError, down } = health;
  return {
    host,
    appHost,
    groupType,
    projectId,
    counts,
    lastSentAt: isoOrNull(lastSentAt),
    lastError: lastError && { at: isoTime(lastError.at), why: lastError.why },
    down: down && { since: isoTime(down.since), failures: down.failures, nextTryAt: isoTime(down.nextTryAt) },
    resync: resync && resyncOnWire(resync),
    waiting: waiting.map(({ key, since, nextAttemptAt, ...row }) => ({
      tenant: key,
      ...row,
      since: isoTime(since),
      nextAttemptAt: isoOrNull(nextAttemptAt),
    })),
    flags: { ...flags, answeredAt: isoOrNull(flags.answeredAt), trouble: troubleOnWire(flags.trouble) },
  };
}

type OfTenant = { key: string; sync: Result<typeof tenantSync>; flags: Result<typeof tenantFlags>; status: FlagStatus | null };

export function tenantSyncOnWire({ key, sync, flags, status }: OfTenant) {
  const { groupType, state, since, attempts, lastError, nextTry, sentAt, sent, news } = sync;
  return {
    tenant: key,
    groupType,
    state,
    since: isoOrNull(since),
    attempts,
    lastError,
    nextTryAt: isoOrNull(nextTry),
    sentAt: isoOrNull(sentAt),
    sent,
    wanted: news,
    flags: flags.map(({ last, ...flag }) => ({ ...flag, last: last && { ...last, seenAt: isoTime(last.seenAt) } })),
    flagTrouble: troubleOnWire(status?.trouble ?? null),
  };
}

export const flagTiesOnWire = ({ rows, trouble }: Result<typeof findStaleFlags>) => ({
  items: rows.map(({ key, ...row }) => ({ feature: key, ...row })),
  trouble,
});

export const metadataKeysOnWire = ({ options, chosen }: Result<typeof metadataOptions>) => ({
  items: options.map(({ key, tenants }) => ({ key, tenants, chosen: chosen.includes(key) })),
});

export const driftOnWire = ({ isRunning, whyNot, result }: Result<typeof driftStatus>) => ({
  isRunning,
  whyNot,
  result: result && { ...result, startedAt: isoTime(result.startedAt), finishedAt: isoOrNull(result.finishedAt) },
});
