import { type FlagInfo, flagFindings } from "~/core/catalogue/stale-flags";
import type { Feature, FlagLink } from "~/core/model";
import { day, isoDay } from "~/core/time";
import { allFeatures } from "~/server/checks/check-counts.server";
import { FlagListUnavailable, listFlags } from "~/server/posthog/flags/flag-list.server";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import type { Services } from "~/server/services.server";
import { checksOfFeatures } from "~db/store/check-counts.server";
import { readCatalogueFacts } from "~db/store/facts.server";

const month = 30 * day;

/** All features linked to a flag, those with findings first. `trouble` says why PostHog's list is missing. */
export async function findStaleFlags({ db, facts, posthog, now, counts }: Services) {
  const catalogue = facts.catalogue();
  const linked = [...catalogue.features.values()].filter(
    (f): f is Feature & { flag: FlagLink } => f.flag !== null && f.archivedAt === null,
  );
  await counts.flush();
  const monthAgo = now() - month;
  const keys = linked.map((f) => f.key);
  const asked = await checksOfFeatures(db.readAside, db.tables, [...keys, allFeatures], isoDay(monthAgo));
  const then = await readCatalogueFacts(db.readAside, db.tables, monthAgo);
  const linkedThen = new Set(then.features.filter((f) => f.flag !== null).map((f) => f.key));
  const { flags, trouble, isComplete } = await theirs(posthog?.settings ?? null);
  const rows = linked.map((feature) => {
    const flag = flags === null ? undefined : (flags.get(feature.flag.key) ?? (isComplete ? null : undefined));
    const { key, name } = feature;
    const times = (asked.get(key) ?? 0) + (asked.get(allFeatures) ?? 0);
    const look = posthog?.flagLook.inDefinitions(feature.flag.key) ?? { is: "unknown" as const };
    const groupType = posthog?.settings.groupType ?? "";
    const findings = flagFindings({ feature, flag, look, groupType, catalogue, asked: times, isOld: linkedThen.has(key), now: now() });
    const link = flag ? flagLink(posthog?.settings, flag) : null;
    return { key, name, flag: feature.flag.key, rule: feature.flag.rule, link, isKnown: flag !== undefined, findings };
  });
  rows.sort((a, b) => Number(b.findings.length > 0) - Number(a.findings.length > 0) || (a.name < b.name ? -1 : 1));
  return { rows, trouble, isOff: posthog === null };
}

const flagLink = (settings: PosthogSettings | undefined, { id }: FlagInfo) =>
  settings ? `${settings.appHost}/project/${settings.projectId}/feature_flags/${id}` : null;

type Theirs = { flags: Map<string, FlagInfo> | null; trouble: string | null; isComplete: boolean };

async function theirs(settings: PosthogSettings | null): Promise<Theirs> {
  if (settings === null) {
    const trouble = "PostHog is off, so no flag is asked. To switch it on, set POSTHOG_PROJECT_API_KEY and start Latchkey again.";
    return { flags: null, trouble, isComplete: false };
  }
  try {
    const { flags, isComplete } = await listFlags(settings);
    const trouble = isComplete ? null : `Only the first ${flags.length} flags were read.`;
    return { flags: new Map(flags.map((f) => [f.key, f])), trouble, isComplete };
  } catch (error) {
    if (!(error instanceof FlagListUnavailable)) throw error;
    return { flags: null, trouble: error.message, isComplete: false };
  }
}
