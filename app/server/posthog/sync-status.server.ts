import type { GroupProperties } from "~/core/group-properties";
import type { Instant } from "~/core/model";
import { countSyncs, listWaiting, readTenantSync, tenantsAfter } from "~db/store/group-syncs.server";
import { dueSyncOfAll } from "~db/store/outbox.server";
import type { Services } from "../services.server";
import type { TenantRequest } from "../tenants.server";
import { failuresToOpen } from "./breaker.server";
import { isKnown, newsOf, readFanOut } from "./group-fan-out.server";
import { readMetadataChoice } from "./metadata-choice.server";
import { resyncProgress } from "./resync-progress.server";
import { readSyncHealth } from "./sync-health.server";

/** Waiting tenants that the page lists. */
const mostListed = 50;

/** How the connection to PostHog stands. Null: PostHog is off. */
export async function syncStatus({ db, facts, posthog, now }: Services) {
  if (!posthog) return null;
  const { read, tables: t } = db;
  const { host, appHost, groupType, secretKey, projectId } = posthog.settings;
  const tied = [...facts.catalogue().features.values()].filter((f) => f.flag !== null && f.archivedAt === null).length;
  const walk = (await dueSyncOfAll(read, t)) ? ((await readFanOut(read, t)) ?? { cursor: "" }) : null;
  const waiting = await listWaiting(read, t, mostListed);
  return {
    now: now(),
    host,
    appHost,
    groupType,
    projectId,
    health: await readSyncHealth(read, t),
    /** Failures in a row from which on only one try at a time goes through. */
    breakerOpens: failuresToOpen,
    counts: await countSyncs(read, t),
    /** Tenants that are still to be looked at, after a change that may concern all. */
    unseen: walk ? await tenantsAfter(read, t, walk.cursor) : 0,
    resync: await resyncProgress(read, t),
    waiting: waiting.map((row) => ({ ...row, since: row.since.getTime(), nextAttemptAt: row.nextAttemptAt?.getTime() ?? null })),
    flags: { tied, isLocal: secretKey !== null, isDown: posthog.flags.isDown(), answeredAt: posthog.flags.answeredAt() },
  };
}
export type SyncStatus = NonNullable<Awaited<ReturnType<typeof syncStatus>>>;

export type TenantSyncState = "in_sync" | "pending" | "failing" | "never";

/** Of one tenant: what PostHog has of it, and what it should have. Null: PostHog is off. */
export async function tenantSync({ db, posthog }: Services, { facts, catalogue, now }: TenantRequest) {
  if (!posthog) return null;
  const { read, tables: t } = db;
  const { sent, waiting } = await readTenantSync(read, t, facts.key);
  const { down } = await readSyncHealth(read, t);
  const had = (sent?.properties ?? null) as GroupProperties | null;
  const news = newsOf({ facts, sent: had }, catalogue, now, await readMetadataChoice(read, t));
  const isDue = waiting !== null || (had !== null && !isKnown(news, had)) || (await isAhead());
  const state: TenantSyncState = waiting && waiting.attempts > 0 ? "failing" : isDue ? "pending" : sent ? "in_sync" : "never";

  /** A walk over all tenants is still to come here. */
  async function isAhead(): Promise<boolean> {
    if (!(await dueSyncOfAll(read, t))) return false;
    const cursor = (await readFanOut(read, t))?.cursor ?? "";
    return Buffer.compare(Buffer.from(facts.key), Buffer.from(cursor)) > 0;
  }

  const nextTry: Instant | null = waiting ? Math.max(waiting.nextAttemptAt?.getTime() ?? 0, down?.nextTryAt ?? 0) : null;
  return {
    state,
    groupType: posthog.settings.groupType,
    sentAt: sent?.sentAt.getTime() ?? null,
    sent: had,
    news,
    attempts: waiting?.attempts ?? 0,
    since: waiting?.createdAt.getTime() ?? null,
    lastError: waiting?.lastError ?? (waiting && down ? "PostHog is away; the page PostHog says why." : null),
    /** In the past: as soon as it is its turn. */
    nextTry,
  };
}
export type TenantSync = NonNullable<Awaited<ReturnType<typeof tenantSync>>>;
