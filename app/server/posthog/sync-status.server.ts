import type { GroupProperties } from "~/core/group-properties";
import type { Instant } from "~/core/model";
import { countTenants, countWaiting, listWaiting, readTenantSync, tenantsAfter, type Waiting } from "~db/store/group-syncs.server";
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
  const { readAside: read, tables: t } = db;
  const { host, appHost, groupType, secretKey, projectId } = posthog.settings;
  const tied = [...facts.catalogue().features.values()].filter((f) => f.flag !== null && f.archivedAt === null).length;
  const walk = (await dueSyncOfAll(read, t)) ? ((await readFanOut(read, t)) ?? { cursor: "" }) : null;
  const { all, failing } = await countWaiting(read, t);
  const tenants = await countTenants(read, t);
  const unseen = walk ? await tenantsAfter(read, t, walk.cursor) : 0;
  return {
    now: now(),
    host,
    appHost,
    groupType,
    projectId,
    health: await readSyncHealth(read, t),
    /** Failures in a row from which on only one try at a time goes through. */
    breakerOpens: failuresToOpen,
    /** `unseen`: still to be looked at, after a change that may concern all. What does not wait and was looked at is in sync. */
    counts: { tenants, inSync: Math.max(0, tenants - all - unseen), pending: all - failing, failing, unseen },
    resync: await resyncProgress(read, t),
    waiting: (await listWaiting(read, t, mostListed)).map(waitingRow),
    flags: { tied, isLocal: secretKey !== null, trouble: posthog.flags.status()?.trouble ?? null, answeredAt: posthog.flags.answeredAt() },
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

/** Of one tenant: what PostHog has of it, and what it should have. Null: PostHog is off. */
export async function tenantSync({ db, posthog }: Services, tenant: Pick<TenantRequest, "facts" | "catalogue" | "now">) {
  const { facts, catalogue, now } = tenant;
  if (!posthog) return null;
  const { readAside: read, tables: t } = db;
  const { sent, waiting } = await readTenantSync(read, t, facts.key);
  const { down } = await readSyncHealth(read, t);
  const had = (sent?.properties ?? null) as GroupProperties | null;
  const news = newsOf({ facts, sent: had }, catalogue, now, await readMetadataChoice(read, t));
  const isDue = waiting !== null || (had !== null && !isKnown(news, had)) || (await isAhead());
  const state: TenantSyncState = waiting?.nextAttemptAt ? "failing" : isDue ? "pending" : sent ? "in_sync" : "never";

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
