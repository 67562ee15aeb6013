import { endOf, isOver } from "~/core/grants/grant-lifetime";
import type { Instant, Trial } from "~/core/model";
import { hour, minute, startOfDay } from "~/core/time";
import { chainOf, conversionWindowMs, monthOf, type TrialChain, type TrialOutcome } from "~/core/trials/trial-chains";
import { checksWithin } from "~/core/trials/trial-use";
import type { Services } from "~/server/services.server";
import { readCatalogueRevision } from "~db/store/facts.server";
import { type GrantRow, grantOf } from "~db/store/grants.server";
import type { SweepBounds, TrialOutcomeRow, TrialToCompute } from "~db/store/trial-outcomes.server";
import { checksOfTrials } from "~db/store/trial-use.server";
import { grantsById } from "~db/store/trials.server";
import { convertedAmong, type EndedTrial } from "./conversions.server";

/** Counts of checks and changes of other processes are committed within this time. In ms. */
const countsSettleMs = hour;
const changesSettleMs = minute;

type Parts = Pick<Services, "db" | "facts">;
type Computing = { trial: TrialToCompute; chain: TrialChain | null; outcome: TrialOutcome };

export const sweepBounds = (now: Instant, catalogueRevision: number, computedAt: Instant): SweepBounds => ({
  now,
  catalogueRevision,
  openUntil: now - conversionWindowMs - changesSettleMs,
  usesKnownUntil: Math.max(0, computedAt - countsSettleMs),
});

/**
 * Outcomes of these trials at an instant: those that differ from what is stored. `computedAt` is the start of the last
 * complete computation.
 */
export async function computeOutcomes(
  parts: Parts,
  trials: TrialToCompute[],
  now: Instant,
  computedAt: Instant,
): Promise<TrialOutcomeRow[]> {
  const { readAside: q, tables: t } = parts.db;
  const catalogueRevision = await readCatalogueRevision(q, t);
  const ancestors = await ancestorsOf(parts, trials);
  const computing = trials.flatMap((trial): Computing[] => {
    const grants = grantsOfChain(trial.row, ancestors);
    const last = grants.at(-1) as Trial;
    const chain = chainOf(grants, last);
    if (trial.isExtended) return [{ trial, chain, outcome: "extended" }];
    if (!isOver(last, now)) return [{ trial, chain, outcome: "running" }];
    return [{ trial, chain, outcome: chain ? "open" : "never" }];
  });
  const revisionOf = ({ tenantRevision }: TrialToCompute) => Math.max(tenantRevision, catalogueRevision);
  const converted = await convertedAmong(
    parts,
    computing.flatMap(({ trial, chain, outcome }): EndedTrial[] => {
      if (outcome !== "open" || !chain || isUnchanged(trial, revisionOf(trial), chain, now)) return [];
      const { grant, feature, endsAt } = chain;
      return [{ grant, tenant: trial.row.tenant, feature, from: endsAt, to: endsAt + conversionWindowMs }];
    }),
    now,
  );
  const firstUse = await firstUses(parts, computing, now, computedAt);
  return computing.flatMap(({ trial, chain, outcome: found }) => {
    const { row, known } = trial;
    const last = grantOf(row) as Trial;
    const endsAt = endOf(last) as Instant;
    const isTimeOver = now >= endsAt + conversionWindowMs + changesSettleMs;
    const outcome = found !== "open" ? found : converted.has(row.id) ? "converted" : isTimeOver ? "lapsed" : "open";
    const startedAt = chain?.startedAt ?? row.startsAt.getTime();
    const computed: TrialOutcomeRow = {
      grant: row.id,
      tenant: row.tenant,
      feature: row.feature,
      givenBy: chain?.givenBy ?? row.createdBy,
      startedAt: new Date(startedAt),
      month: monthOf(startedAt),
      endsAt: new Date(endsAt),
      extensions: chain?.extensions ?? 0,
      endedEarly: found !== "extended" && endsAt < last.endsAt,
      outcome,
      firstUsedAt: firstUse.get(row.id) ?? null,
      // Only what is open is looked at again when something changes.
      revision: outcome === "open" ? revisionOf(trial) : 0,
      isSettled: isSettled(outcome, endsAt, now),
      computedAt: new Date(now),
    };
    return known && isSameOutcome(known, computed) ? [] : [computed];
  });
}

function isSettled(outcome: TrialOutcome, endsAt: Instant, now: Instant): boolean {
  if (outcome === "extended" || outcome === "never" || outcome === "lapsed") return true;
  return outcome === "converted" && now >= endsAt + countsSettleMs;
}

/** True if it was open before and nothing that could convert it has changed. */
function isUnchanged({ known }: TrialToCompute, revision: number, { endsAt }: TrialChain, now: Instant): boolean {
  return known?.outcome === "open" && known.revision >= revision && now < endsAt + conversionWindowMs + changesSettleMs;
}

function isSameOutcome(a: TrialOutcomeRow, b: TrialOutcomeRow): boolean {
  const plain = ({ computedAt: _, ...row }: TrialOutcomeRow) => JSON.stringify(Object.entries(row).sort());
  return plain(a) === plain(b);
}

/** Grants that these extend, and those that they extend, by id. */
async function ancestorsOf({ db }: Parts, trials: TrialToCompute[]): Promise<Map<string, GrantRow>> {
  const known = new Map<string, GrantRow>();
  let wanted = trials.flatMap(({ row }) => row.extends ?? []);
  while (wanted.length > 0) {
    const found = await grantsById(db.readAside, db.tables, wanted);
    for (const [id, row] of found) known.set(id, row);
    wanted = [...found.values()].flatMap((row) => (row.extends !== null && !known.has(row.extends) ? [row.extends] : []));
  }
  return known;
}

function grantsOfChain(row: GrantRow, ancestors: Map<string, GrantRow>): Trial[] {
  const chain: GrantRow[] = [];
  for (let at: GrantRow | undefined = row; at && !chain.includes(at); at = at.extends === null ? undefined : ancestors.get(at.extends))
    chain.unshift(at);
  return chain.map((one) => grantOf(one) as Trial);
}

/** The first use of each. What is known to be used is not looked up again, nor are days before the last computation. */
async function firstUses(parts: Parts, computing: Computing[], now: Instant, computedAt: Instant): Promise<Map<string, Date>> {
  const firsts = new Map<string, Date>();
  const wanted: { grant: string; tenant: string; feature: string; from: Instant; to: Instant }[] = [];
  for (const { trial, chain } of computing) {
    const { row, known } = trial;
    if (known?.firstUsedAt) firsts.set(row.id, known.firstUsedAt);
    else if (chain) {
      const from = known ? Math.max(chain.startedAt, startOfDay(Math.max(0, computedAt - countsSettleMs))) : chain.startedAt;
      const to = Math.min(chain.endsAt, now + 1);
      if (from < to) wanted.push({ grant: row.id, tenant: row.tenant, feature: row.feature, from, to });
    }
  }
  const rows = await checksOfTrials(parts.db.readAside, parts.db.tables, wanted);
  for (const [i, { grant, from, to }] of wanted.entries()) {
    const { firstAt } = checksWithin(rows[i] ?? [], from, to);
    if (firstAt !== null) firsts.set(grant, new Date(firstAt));
  }
  return firsts;
}
