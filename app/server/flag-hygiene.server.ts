import { type FlagInfo, flagFindings } from "~/core/flag-hygiene";
import type { Feature, FlagTie } from "~/core/model";
import { checksOfFeatures } from "~db/store/check-counts.server";
import { FlagListUnavailable, listFlags } from "./posthog/flag-list.server";
import type { Services } from "./services.server";

const month = 30 * 24 * 3_600_000;

/** Every feature that is tied to a flag, those with something to tidy up first. `trouble`: why PostHog's list is missing. */
export async function flagHygiene({ db, facts, posthog, now, counts }: Services) {
  const catalogue = facts.catalogue();
  const tied = [...catalogue.features.values()].filter((f): f is Feature & { flag: FlagTie } => f.flag !== null && f.archivedAt === null);
  await counts.flush();
  const since = new Date(now() - month).toISOString().slice(0, 10);
  const asked = await checksOfFeatures(
    db.read,
    db.tables,
    tied.map((f) => f.key),
    since,
  );
  const { flags, trouble, isComplete } = await theirs(posthog?.settings ?? null);
  const rows = tied.map((feature) => {
    const flag = flags === null ? undefined : (flags.get(feature.flag.key) ?? (isComplete ? null : undefined));
    const input = { feature, flag, catalogue, asked: asked.get(feature.key) ?? 0, now: now() };
    return { key: feature.key, name: feature.name, flag: feature.flag.key, rule: feature.flag.rule, findings: flagFindings(input) };
  });
  rows.sort((a, b) => Number(b.findings.length > 0) - Number(a.findings.length > 0) || (a.name < b.name ? -1 : 1));
  return { rows, trouble };
}

type Theirs = { flags: Map<string, FlagInfo> | null; trouble: string | null; isComplete: boolean };

async function theirs(settings: Parameters<typeof listFlags>[0] | null): Promise<Theirs> {
  if (settings === null) {
    return { flags: null, trouble: "PostHog is off. Set POSTHOG_PROJECT_API_KEY to switch it on.", isComplete: false };
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
