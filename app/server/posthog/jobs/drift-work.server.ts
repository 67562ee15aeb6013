import { setTimeout as wait } from "node:timers/promises";
import type { Job, JobItem } from "~/core/jobs/job";
import { tenantKeyPattern } from "~/core/model";
import { type DriftPlace, type DriftRow, driftItem, driftStart, sameItem, waitingItem } from "~/core/posthog/drift";
import { groupDrift, groupProperties } from "~/core/posthog/group-properties";
import type { JobBatch, JobWork } from "~/server/jobs/job-work";
import { type GroupPage, readGroupPage, whyNoGroups } from "~/server/posthog/groups/group-list.server";
import { readMetadataChoice } from "~/server/posthog/groups/synced-metadata.server";
import { PosthogUnavailable } from "~/server/posthog/rest.server";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import type { Services } from "~/server/services.server";
import { addHeldProperties, countTenants, nextTenantKeys, readForSync, waitingAmong } from "~db/store/group-syncs.server";
import { listJobItems } from "~db/store/job-items.server";

/** `settings`: null without PostHog. */
export type DriftParts = Pick<Services, "db" | "facts" | "now"> & { settings: PosthogSettings | null };

/** Upper bound on groups read per comparison. */
const maxGroups = 20_000;
/** Tenants looked for among PostHog's groups per batch. */
const tenantsPerBatch = 500;
const itemsPerRead = 1_000;
/**
 * PostHog allows a project 480 requests a minute. Half of the interval between two requests, in ms: after a batch a job
 * rests for as long as the batch took.
 */
const paceMs = 65;
const maxKeyLength = 400;

/** `held`: properties that PostHog has and the tenant lacks. */
type Compared = { items: JobItem[]; held: { key: string; names: string[] }[] };

/** Compares PostHog's groups with the expected properties: first each page of its groups, then which tenants it lacks. */
export const driftWork =
  ({ db, facts, now, settings }: DriftParts) =>
  (job: Job): JobWork => {
    const { readAside: q, tables: t } = db;
    let seen: Set<string> | undefined;

    /** Keys that PostHog has. Up to 20,000, about 100 bytes each. */
    async function loadSeen(): Promise<Set<string>> {
      const keys = new Set<string>();
      for (let after = 0; ; ) {
        const items = await listJobItems(q, t, job.id, { after, size: itemsPerRead });
        for (const { subject } of items) keys.add(subject);
        if (items.length < itemsPerRead) return keys;
        after = items.at(-1)?.seq ?? after;
      }
    }

    const batchOf = (place: DriftPlace, { items, held }: Compared, isLast: boolean): JobBatch => {
      const counts = { missing: place.missing, unknown: place.unknown, different: place.different };
      for (const { details } of items) if (details) counts[(details as DriftRow).kind] += 1;
      return { subjects: [], cursor: { ...place, ...counts }, isLast, found: { items, held } satisfies Compared };
    };

    async function compare(place: DriftPlace, known: ReadonlySet<string>, { groups, next }: GroupPage): Promise<JobBatch> {
      // While groups are created, one may move to the next page and be listed twice.
      const fresh = new Map(groups.map((group) => [storedKey(group.key), group.properties]));
      for (const key of known) fresh.delete(key);
      await facts.look();
      const [catalogue, at, metadata] = [facts.catalogue(), now(), await readMetadataChoice(q, t)];
      const keys = [...fresh.keys()].filter((key) => tenantKeyPattern.test(key));
      const ours = new Map((await readForSync(q, t, keys)).map((row) => [row.facts.key, row]));
      const waiting = await waitingAmong(q, t, keys);
      const held: Compared["held"] = [];
      const items = [...fresh].map(([key, properties]): JobItem => {
        const row = ours.get(key);
        if (!row) return driftItem({ key, kind: "unknown" });
        if (waiting.has(key)) return waitingItem(key);
        const sent = row.sent ?? {};
        const absent = Object.fromEntries(Object.keys(sent).map((name) => [name, null]));
        const drift = groupDrift({ ...absent, ...groupProperties(row.facts, catalogue, at, metadata) }, properties);
        if (!drift) return sameItem(key);
        const names = Object.keys(drift.ours).filter((name) => drift.ours[name] === "" && !Object.hasOwn(sent, name));
        if (names.length > 0) held.push({ key, names });
        return driftItem({ key, kind: "different", ...drift });
      });
      const read = place.read + groups.length;
      const isCut = next !== null && read >= maxGroups;
      return batchOf({ ...place, page: next, after: next === null ? "" : null, read, isCut }, { items, held }, isCut);
    }

    async function findMissing(place: DriftPlace, after: string, known: ReadonlySet<string>): Promise<JobBatch> {
      const keys = await nextTenantKeys(q, t, after, tenantsPerBatch);
      const absent = keys.filter((key) => !known.has(key));
      const waiting = await waitingAmong(q, t, absent);
      const items = absent.map((key) => (waiting.has(key) ? waitingItem(key) : driftItem({ key, kind: "missing" })));
      return batchOf({ ...place, after: keys.at(-1) ?? after }, { items, held: [] }, keys.length < tenantsPerBatch);
    }

    return {
      right: "posthog.change",
      count: () => countTenants(q, t),
      async next(cursor, _size, stop) {
        const place = (cursor ?? driftStart) as DriftPlace;
        const failed = (problem: string): JobBatch => ({ subjects: [], cursor, isLast: false, problem });
        if (settings === null) return failed("PostHog is not configured, so nothing can be compared with it.");
        const whyNot = whyNoGroups(settings);
        if (whyNot !== null) return failed(whyNot);
        seen ??= await loadSeen();
        if (place.after !== null) return findMissing(place, place.after, seen);
        if (place.page !== null) await wait(paceMs, undefined, { signal: stop });
        try {
          return await compare(place, seen, await readGroupPage({ settings, stop }, place.page));
        } catch (error) {
          if (stop.aborted || !(error instanceof PosthogUnavailable)) throw error;
          return failed(error.message);
        }
      },
      locks: () => [],
      async write(tx, { found }) {
        const { items, held } = found as Compared;
        // So that a resync can empty them.
        for (const { key, names } of held) await addHeldProperties(tx, t, key, names);
        const onCommitted = () => {
          for (const { subject } of items) seen?.add(subject);
        };
        return { items, onCommitted };
      },
      preview: async () => ({ items: [] }),
    };
  };

/** Another program may have sent any text as a group's key; PostgreSQL stores no NUL. */
const storedKey = (key: string) => key.slice(0, maxKeyLength).replaceAll("\0", "\ufffd");
