import { posthogVariables } from "./settings.server";

/** Read by PostHog's SDK itself. */
const ofTheSdk = ["POSTHOG_RELEASE_ID"];

/** Names of posthog-django and of earlier versions that have no effect, with what to do instead. */
const withoutEffect: { [name: string]: string } = {
  POSTHOG_CACHE_ALIAS: "Latchkey keeps what has to outlive a process in its own database",
  POSTHOG_FEATURE_FLAGS_CACHE_PREFIX: "flag values are kept in each process's memory",
  POSTHOG_MW_EXTRA_TAGS: "write extraTags in posthog.config.ts",
  POSTHOG_MW_REQUEST_FILTER: "write requestFilter in posthog.config.ts",
  POSTHOG_MW_TAG_MAP: "write tagMap in posthog.config.ts",
};

/** Max edits between two names of which one is taken for a typing mistake of the other. */
const maxEdits = 5;

/** One sentence for each set variable that looks like one of PostHog's and has no effect. */
export function unknownPosthogVariables(source: Record<string, string | undefined>): string[] {
  const known = [...posthogVariables, ...ofTheSdk];
  const set = Object.keys(source).filter((name) => /^post_?hog_/i.test(name) && name.length < 200 && source[name]);
  return set
    .filter((name) => !known.includes(name) || Object.hasOwn(withoutEffect, name))
    .sort()
    .map((name) => `${name} has no effect${hint(name, known)}`);
}

function hint(name: string, known: string[]): string {
  const why = withoutEffect[name];
  if (why !== undefined) return `: ${why}.`;
  const edits = (candidate: string) => editsBetween(name.toUpperCase(), candidate);
  const nearest = known.reduce((best, candidate) => (edits(candidate) < edits(best) ? candidate : best));
  return edits(nearest) <= maxEdits ? `. Did you mean ${nearest}?` : "; docs/posthog.md lists those that have.";
}

/** Letters to add, drop or replace to make one text the other (Levenshtein). */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++)
      next.push(Math.min((next[j] as number) + 1, (row[j + 1] as number) + 1, (row[j] as number) + (letter === b[j] ? 0 : 1)));
    row = next;
  }
  return row[b.length] as number;
}
