import type { Instant } from "~/core/model";
import { paths } from "~/paths";
import { Badge } from "~/ui/kit/badge";
import { TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { Time } from "~/ui/kit/time";

type Row = { id: string; name: string; at: Instant; by: string; changes: number; isRefused: boolean; problem: string | null };

/** Drafts of plans that are published at a time. Left out while there is none. */
export function ComingPublications({ rows, now }: { rows: readonly Row[]; now: Instant }) {
  if (rows.length === 0) return null;
  return (
    <Section title="Coming publications of plans" flush>
      <ul className="divide-y divide-line">
        {rows.map(({ id, name, at, by, changes, isRefused, problem }) => (
          <li key={id} className="px-4 py-3">
            <p className="text-sm wrap-anywhere">
              <TextLink to={paths.draft(id)}>{name}</TextLink>: {changes === 1 ? "1 change" : `${changes} changes`}
            </p>
            <p className="mt-0.5 text-ink-muted text-xs wrap-anywhere">
              <Time at={at} now={now} show="both" />, scheduled by {by}
            </p>
            {problem !== null && (
              <p className="mt-1.5 flex flex-wrap items-center gap-x-2 gap-y-1 text-warn text-xs wrap-anywhere">
                <Badge tone="warn">{isRefused ? "Had no effect" : "Will have no effect"}</Badge>
                {problem}
              </p>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}
