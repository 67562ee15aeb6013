import { compileCatalogue } from "~/core/catalogue/catalogue";
import { decide } from "~/core/decision/decide";
import { endOf, isLive, isOver } from "~/core/grants/grant-lifetime";
import type { Grant, Instant, TenantFacts, Trial } from "~/core/model";
import { day } from "~/core/time";
import { readCatalogueFacts, readTenantFacts } from "~db/store/facts.server";
import { grantOf } from "~db/store/grants.server";
import type { TestServices } from "./services";

/** What is known of trials, read in whole and computed without indexes, cursors or kept results. */
export async function naiveTrials(s: TestServices) {
  const { read: q, tables: t } = s.db;
  const now = s.clock.now;
  const rows = await q.select().from(t.grants);
  const trials = rows.filter(({ kind }) => kind === "trial").map((row) => ({ tenant: row.tenant, grant: grantOf(row) as Trial }));
  const next = (grant: Grant) => trials.find((other) => other.grant.extends === grant.id);
  const before = (grant: Grant): Trial[] => {
    const old = trials.find((other) => other.grant.id === grant.extends)?.grant;
    return old ? [...before(old), old] : [];
  };
  const history = await q.select({ at: t.factsHistory.recordedAt, document: t.factsHistory.document }).from(t.factsHistory);
  // What is scheduled counts from its instant on, and is recorded later.
  const scheduledIn = (document: unknown) => ((document as Partial<TenantFacts>).scheduled ?? []).map(({ at }) => at);
  const recorded = history.flatMap(({ at, document }) => [at.getTime(), ...scheduledIn(document)]);
  const instants = [...new Set(recorded)].filter((at) => at <= now);
  const checks = await q.select().from(t.checkCounts);

  async function isGivenAt(tenant: string, feature: string, at: Instant): Promise<boolean> {
    const facts = await readTenantFacts(q, t, tenant, at);
    const catalogue = compileCatalogue(await readCatalogueFacts(q, t, at));
    const { entitled, source } = decide({ tenant: facts && { ...facts, grants: [] }, catalogue, feature, now: at });
    return entitled && (source === "plan" || source === "add_on");
  }

  async function outcomeOf(tenant: string, grant: Trial) {
    const end = endOf(grant) as Instant;
    const moments = [end, ...instants.filter((at) => at > end && at < end + 30 * day)];
    for (const at of moments) if (await isGivenAt(tenant, grant.feature, at)) return "converted" as const;
    return now >= end + 30 * day + 60_000 ? ("lapsed" as const) : ("open" as const);
  }

  const chains = [];
  for (const { tenant, grant } of trials) {
    if (next(grant)) continue;
    const all = [...before(grant), grant];
    const started = all.find((one) => !isOver(one, one.startsAt));
    if (!started || started.startsAt > now) continue;
    const [from, to] = [started.startsAt, endOf(grant) as Instant];
    const used = checks
      .filter((c) => c.tenant === tenant && c.feature === grant.feature)
      .flatMap((c) => [c.firstAt.getTime(), c.lastAt.getTime()])
      .filter((at) => at >= from && at < to && at <= now)
      .sort((a, b) => a - b);
    chains.push({
      grant: grant.id,
      tenant,
      feature: grant.feature,
      givenBy: (all[0] as Trial).createdBy,
      month: new Date(from).toISOString().slice(0, 7),
      outcome: isOver(grant, now) ? await outcomeOf(tenant, grant) : ("running" as const),
      isExtended: all.length > 1,
      daysToUse: used[0] === undefined ? null : Math.floor((used[0] - from) / day),
    });
  }

  const byEnd = (a: Trial, b: Trial) => (endOf(a) as Instant) - (endOf(b) as Instant) || (a.id < b.id ? -1 : 1);
  const only = (is: (grant: Trial) => boolean) => trials.map(({ grant }) => grant).filter(is);
  const lineOf = (g: Trial) => (g.bundle ? [g.bundle.id, endOf(g), g.startsAt, g.createdBy].join() : g.id);
  /** One of each bundle's line. */
  const ids = (grants: Trial[]) =>
    grants.filter((g) => !grants.some((other) => lineOf(other) === lineOf(g) && other.id < g.id)).map(({ id }) => id);
  const running = only((g) => isLive(g, now)).sort(byEnd);
  return {
    chains,
    tabs: {
      running: ids(running),
      ending: ids(running.filter((g) => (endOf(g) as Instant) <= now + 7 * day)),
      upcoming: ids(only((g) => g.startsAt > now && !isOver(g, now)).sort((a, b) => a.startsAt - b.startsAt || (a.id < b.id ? -1 : 1))),
      ended: ids(only((g) => isOver(g, now)).sort((a, b) => byEnd(b, a))),
    },
    endsOn: (from: Instant) =>
      ids(
        only((g) => {
          const end = endOf(g) as Instant;
          return end >= from && end < from + day && end > g.startsAt && !next(g);
        }).sort(byEnd),
      ),
  };
}
export type NaiveTrials = Awaited<ReturnType<typeof naiveTrials>>;

/** The numbers of a report over these chains. */
export function naiveCounts(chains: NaiveTrials["chains"]) {
  const having = (is: (chain: (typeof chains)[number]) => boolean) => chains.filter(is).length;
  const days = chains.flatMap(({ daysToUse }) => daysToUse ?? []).sort((a, b) => a - b);
  return {
    granted: chains.length,
    used: days.length,
    converted: having(({ outcome }) => outcome === "converted"),
    extended: having(({ isExtended }) => isExtended),
    lapsed: having(({ outcome }) => outcome === "lapsed"),
    open: having(({ outcome }) => outcome === "open"),
    running: having(({ outcome }) => outcome === "running"),
    medianDaysToUse: days[Math.ceil(days.length / 2) - 1] ?? null,
  };
}
