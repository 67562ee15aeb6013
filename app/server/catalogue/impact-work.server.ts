import { type Counter, counterAt, counterId } from "~/core/decision/usage";
import { type Candidate, type FeatureEffect, impact, type ShapeEffects } from "~/core/impact/impact";
import { isLowerLimit, type TenantEffectRow, tenantEffectRows } from "~/core/impact/tenant-effects";
import type { Job } from "~/core/jobs/job";
import type { TenantFacts } from "~/core/model";
import { effective } from "~/core/schedules/effective";
import { day, isoDay } from "~/core/time";
import type { JobFindings, JobWork } from "~/server/jobs/job-work";
import type { Services } from "~/server/services.server";
import { readLastFlagReadings } from "~db/store/affected-tenants.server";
import { addImpactTenants, readCheckSums } from "~db/store/impacts.server";
import { readTenantsByKey } from "~db/store/tenant-documents.server";
import { readTotalsOf } from "~db/store/usage-totals.server";
import { impactCandidates } from "./impact-candidates.server";
import { type PinnedChange, pinnedChange } from "./impact-change.server";
import { createPace } from "./pace.server";

type Parts = Pick<Services, "db" | "tenantCounts" | "newId">;

const lookbackMs = 30 * day;
/** Counters per statement. */
const counterBatch = 2_000;

type Affected = { tenant: TenantFacts; effects: FeatureEffect[] };

/** Finds what a change of the catalogue does to each tenant that it may affect. Changes nothing. */
export const impactWork =
  (parts: Parts) =>
  (job: Job): JobWork => {
    const { readAside: q, tables: t } = parts.db;
    // One instant for all tenants, however long it takes.
    const at = job.createdAt;
    const shapes: ShapeEffects = new Map();
    let loading: Promise<{ change: PinnedChange; candidates: ReturnType<typeof impactCandidates> }> | undefined;

    async function load() {
      const change = await pinnedChange(parts, job);
      const keys = [...change.writes.keys()];
      const written = { keys, has: (key: string) => change.writes.has(key) };
      return { change, candidates: impactCandidates(parts, change.compiled, written, at) };
    }
    const loaded = () => {
      loading ??= load();
      return loading;
    };

    return {
      right: "catalogue.change",
      count: async () => (await loaded()).candidates.count(),
      next: async (cursor, size) => (await loaded()).candidates.next(cursor, size),
      locks: () => [],
      // An impact is always a preview.
      write: async () => ({ items: [] }),
      async preview({ subjects }): Promise<JobFindings> {
        const { change, candidates } = await loaded();
        const stored = await readTenantsByKey(q, t, subjects);
        const tenants = [...stored.values()].flatMap((tenant) => (tenant && candidates.isFirst(tenant) ? [tenant] : []));
        const affected = await affectedOf(change, tenants);
        const rows = await rowsOf(change, affected);
        return {
          items: [],
          counts: { done: affected.length, skipped: subjects.length - affected.length },
          write: (tx) => addImpactTenants(tx, t, job.id, rows),
        };
      },
    };

    async function affectedOf({ compiled, writes, hasFlags }: PinnedChange, tenants: TenantFacts[]): Promise<Affected[]> {
      const pace = createPace(undefined);
      const flags = await readLastFlagReadings(
        q,
        t,
        tenants.map(({ key }) => key),
        hasFlags ? compiled.difference.flags : [],
      );
      const affected: Affected[] = [];
      for (const was of tenants) {
        const candidate: Candidate = { was, is: writes.get(was.key), flags: flags.get(was.key) };
        const [effects = []] = impact(compiled, [candidate], at, shapes);
        if (effects.length > 0) affected.push({ tenant: effective(candidate.is ?? was, compiled.to, at), effects });
        await pace();
      }
      return affected;
    }

    /** Adds how often they used what changes, and how much of a limit that falls. */
    async function rowsOf({ compiled }: PinnedChange, affected: Affected[]): Promise<TenantEffectRow[]> {
      const features = [...new Set(affected.flatMap(({ effects }) => effects.map(({ feature }) => feature)))];
      const keys = affected.map(({ tenant }) => tenant.key);
      const checks = await readCheckSums(q, t, { tenants: keys, features, since: isoDay(at - lookbackMs) });
      const counterOf = (tenant: TenantFacts, key: string): Counter | null => {
        const feature = compiled.to.features.get(key);
        return feature?.type === "metered" ? { tenant: tenant.key, ...counterAt(feature, tenant, at) } : null;
      };
      const counters = affected.flatMap(({ tenant, effects }) =>
        effects.flatMap((one) => (isLowerLimit(one, compiled.to) ? (counterOf(tenant, one.feature) ?? []) : [])),
      );
      const used = new Map<string, number>();
      for (let from = 0; from < counters.length; from += counterBatch) {
        const totals = await readTotalsOf(q, t, counters.slice(from, from + counterBatch));
        for (const total of totals) used.set(counterId(total), total.used);
      }
      return affected.flatMap(({ tenant, effects }) =>
        tenantEffectRows(tenant.key, effects, compiled, {
          checks: (feature) => checks.get(tenant.key)?.get(feature),
          used: (feature) => {
            const counter = counterOf(tenant, feature);
            return counter ? used.get(counterId(counter)) : undefined;
          },
        }),
      );
    }
  };
