import type { Instant } from "~/core/model";
import type { GroupProperties } from "~/core/posthog/group-properties";
import { failuresToOpen } from "~/server/posthog/breaker.server";
import { groupPropertiesOf, isKnown, readFanOut } from "~/server/posthog/groups/group-fan-out.server";
import { resyncProgress } from "~/server/posthog/groups/resync-progress.server";
import { readSyncHealth } from "~/server/posthog/groups/sync-health.server";
import { readMetadataChoice } from "~/server/posthog/groups/synced-metadata.server";
import type { Services } from "~/server/services.server";
import { countTenants, countTenantsAfter, countWaiting, listWaiting, readTenantSync, type Waiting } from "~db/store/group-syncs.server";
import { dueSyncOfAll } from "~db/store/outbox.server";
import type { TenantRequest } from "./tenants.server";

/** Max queued tenants that the page lists. */
const maxListed = 50;

/** State of the connection to PostHog, or null if PostHog is off. */
export async function syncStatus({ db, facts, posthog, now }: Services) {
  if (!posthog) return null;
  const { readAside: read, tables: t } = db;
  const { host, appHost, groupType, secretKey, projectId } = posthog.settings;
  const tied = [...facts.catalogue().features.values()].filter((f) => f.flag !== null && f.archivedAt === null).length;
  const walk = (await dueSyncOfAll(read, t)) ? ((await readFanOut(read, t)) ?? { cursor: "" }) : null;
  const { all, failing } = await countWaiting(read, t);
  const tenants = await countTenants(read, t);
  const { status, answeredAt } = await posthog.flagReport();
  const unseen = walk ? await countTenantsAfter(read, t, walk.cursor) : 0;
  return {
    now: now(),
    host,
    appHost,
    groupType,
    projectId,
    health: await readSyncHealth(read, t),
    /** Consecutive failures after which only one attempt at a time is made. */
    breakerOpens: failuresToOpen,
    /**
     * `unseen` tenants have not been visited after a change that may affect all. A tenant that is neither unseen nor
     * queued is in sync.
     */
    counts: { tenants, inSync: Math.max(0, tenants - all - unseen), pending: all - failing, failing, unseen },
    resync: await resyncProgress(read, t, now()),
    waiting: (await listWaiting(read, t, maxListed)).map(waitingRow),
    flags: { tied, isLocal: secretKey !== null, trouble: status?.trouble ?? null, answeredAt },
  };
}
const waitingRow = ({ subject, name, attempts, createdAt, nextAttemptAt, lastError }: Waiting) => ({
  key: subject,
  name,
  attempts,
  since: createdAt.getTime(),
  nextAttemptAt: nextAttemptAt?.getTime() ?? null,
  lastError,
});

type TenantSyncState = "in_sync" | "pending" | "failing" | "never";

/** What PostHog has of a tenant and what it should have, or null if PostHog is off. */
export async function tenantSync({ db, posthog }: Services, tenant: Pick<TenantRequest, "facts" | "catalogue" | "now">) {
  const { facts, catalogue, now } = tenant;
  if (!posthog) return null;
  const { readAside: read, tables: t } = db;
  const { sent, waiting } = await readTenantSync(read, t, facts.key);
  const { down } = await readSyncHealth(read, t);
  const had = (sent?.properties ?? null) as GroupProperties | null;
  const news = groupPropertiesOf({ facts, sent: had }, catalogue, now, await readMetadataChoice(read, t));
  const isDue = waiting !== null || (had !== null && !isKnown(news, had)) || (await isAhead());
  const state: TenantSyncState = waiting?.nextAttemptAt ? "failing" : isDue ? "pending" : sent ? "in_sync" : "never";

  /** A walk over all tenants has not reached this one. */
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
    /** In the past: due, waiting for its turn. */
    nextTry,
  };
}
