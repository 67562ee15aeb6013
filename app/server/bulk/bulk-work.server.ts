import { whyBulkApproval } from "~/core/approvals/approvals";
import { type BulkAct, type BulkParams, type BulkSelection, isAllTenants, rightOfBulk } from "~/core/bulk/bulk-act";
import { bulkStep } from "~/core/bulk/bulk-step";
import type { Catalogue } from "~/core/catalogue/catalogue";
import { actorOfJob, type Job, type JobItem } from "~/core/jobs/job";
import type { Actor, Instant, TenantFacts } from "~/core/model";
import type { TrialBounds } from "~/core/rails/within-rails";
import { catalogueIn } from "~/server/changes/change.server";
import type { JobFindings, JobStep, JobWork } from "~/server/jobs/job-work";
import { boundsOfJob } from "~/server/rails/rails.server";
import type { Services } from "~/server/services.server";
import { listedFilter } from "~/server/tenants/tenant-matches.server";
import { catalogueSharedLock, type Queries, tenantLock } from "~db/database";
import { writeAudit } from "~db/store/audit.server";
import { readCurrentTenants } from "~db/store/current-tenants.server";
import { revisionsOf } from "~db/store/group-syncs.server";
import { wakeGroupSync } from "~db/store/outbox.server";
import { matchingAmong } from "~db/store/tenant-list.server";
import { type TenantWrite, writeTenantChanges } from "~db/store/tenant-writes.server";
import { bulkImpact } from "./bulk-impact.server";
import { listSource } from "./bulk-lists.server";
import { bulkSource } from "./bulk-source.server";

type Parts = Pick<Services, "db" | "facts" | "now" | "newId" | "posthog" | "tenantCounts">;

/** Whether guard rails are about it. */
const isRailed = ({ act }: BulkAct): boolean => ["grant_trial", "grant_bundle", "extend_trial", "end_trial"].includes(act);

/** Tenants per transaction, because a bundle may have hundreds of trials. */
const maxBundlesPerBatch = 10;

const noMatch = "No longer matches the filter.";

/** Runs bulk acts over tenants. */
export const bulkWork =
  (parts: Parts) =>
  (job: Job, keys: string[] | null): JobWork => {
    const { db, facts, now, newId, posthog } = parts;
    const t = db.tables;
    const { act, from, reason = null, isApproved = false } = job.params as BulkParams;
    const selection: BulkSelection = from.kind === "keys" ? { ...from, keys: keys ?? [] } : from;
    const actor = actorOfJob(job);

    function verdictOn(tenant: TenantFacts | null, catalogue: Catalogue, at: Instant, bound: TrialBounds | null) {
      // A preview shows what is done once the act is approved, if it needs that as a whole.
      const needsSecondPerson = bound?.approvals && job.isPreview && whyBulkApproval(act, 0, bound.approvals) !== null;
      const bounds = bound && (isApproved || needsSecondPerson) ? { ...bound, approvals: null } : bound;
      return bulkStep(tenant, act, job.note, catalogue, { now: at, actor, newId }, { bounds, reason });
    }

    /** As of this transaction, so that a limit or a role that changed since the preview counts. */
    const boundsIn = (q: Queries, subjects: string[]) =>
      isRailed(act) ? boundsOfJob(db, q, actor, subjects) : new Map<string, TrialBounds>();

    /** Those that no longer match are left out: they changed since they were found. */
    async function stillMatching(tx: Queries, subjects: string[]): Promise<Set<string>> {
      if (selection.kind === "trials" || selection.kind === "demand") return listSource(parts, selection).among(tx, subjects);
      if (selection.kind !== "filter") return new Set(subjects);
      return matchingAmong(tx, t, listedFilter(parts, selection.filter), subjects);
    }

    const { count, next } = bulkSource(parts, selection);
    const impactOf = bulkImpact(parts, job.id, job.createdAt);
    return {
      right: rightOfBulk(act.act),
      count,
      next: (cursor, size) => next(cursor, act.act === "grant_bundle" ? Math.min(size, maxBundlesPerBatch) : size),
      locks: ({ subjects }) => [catalogueSharedLock, ...subjects.map(tenantLock)],
      async write(tx, { subjects }): Promise<JobStep> {
        const matching = await stillMatching(tx, subjects);
        const catalogue = await catalogueIn(parts, tx);
        const at = now();
        const current = await readCurrentTenants(tx, t, subjects, () => catalogue, at);
        const bounds = await boundsIn(tx, subjects);
        const writes: TenantWrite[] = [];
        const items = subjects.map((subject): JobItem => {
          if (!matching.has(subject)) return { subject, state: "skipped", message: noMatch };
          const before = current.facts.get(subject) ?? null;
          const verdict = verdictOn(before, catalogue, at, bounds.get(subject) ?? null);
          if (verdict.state === "done" && verdict.change) writes.push({ before, change: verdict.change });
          return { subject, state: verdict.state, message: verdict.message };
        });
        const written = await writeTenantChanges(tx, t, await current.foldBefore(writes), actor);
        if (act.act === "resync") await queueForPosthog(tx, items, at, actor);
        const onCommitted = () => {
          facts.replaceTenants(written);
          posthog?.wake();
        };
        return { items, onCommitted };
      },
      async preview({ subjects }): Promise<JobFindings> {
        await facts.look();
        const [catalogue, at] = [facts.catalogue(), now()];
        const { facts: tenants } = await readCurrentTenants(db.readAside, t, subjects, () => catalogue, at);
        const bounds = await boundsIn(db.readAside, subjects);
        const changes: TenantWrite[] = [];
        const items = subjects.map((subject): JobItem => {
          const before = tenants.get(subject) ?? null;
          const verdict = verdictOn(before, catalogue, at, bounds.get(subject) ?? null);
          if (verdict.state === "done" && verdict.change) changes.push({ before, change: verdict.change });
          return { subject, state: verdict.state, message: verdict.message };
        });
        return { items, write: await impactOf(changes, catalogue) };
      },
    };

    async function queueForPosthog(tx: Queries, items: JobItem[], at: Instant, by: Actor): Promise<void> {
      const queued = items.flatMap(({ subject, state }) => (state === "done" ? [subject] : []));
      const found = await revisionsOf(tx, t, queued);
      if (found.length === 0) return;
      await wakeGroupSync(tx, t, found, at, true);
      // The entry of the job says that it was all of them.
      if (isAllTenants(selection)) return;
      const after = { tenants: found.length, keys: found.map(({ key }) => key) };
      await writeAudit(tx, t, { at, actor: by, action: "posthog.resync", subjectKind: "settings", subject: "posthog", after });
    }
  };
