import { Link } from "@remix-run/react";
import type { Instant } from "~/core/model";
import { paths } from "~/paths";
import { TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { Time } from "~/ui/kit/time";

type Activity = { seq: number; actor: string; phrase: string; at: Instant };
type Props = {
  title?: string;
  activities: readonly Activity[];
  /** Shown if there are none. */
  empty?: string;
  /** The list of all of them. */
  allTo: string;
  now: Instant;
};

/** The last changes of one subject, in sentences. */
export function LatestChanges({ title = "Activity", empty = "Nothing was changed yet.", activities, allTo, now }: Props) {
  return (
    <Section title={title} flush actions={<TextLink to={allTo}>All</TextLink>}>
      {activities.length === 0 ? (
        <p className="px-4 py-5 text-ink-muted text-sm">{empty}</p>
      ) : (
        <ol className="divide-y divide-line">
          {activities.map(({ seq, actor, phrase, at }) => (
            <li key={seq} className="px-4 py-2.5 text-sm">
              <p className="text-ink-muted wrap-anywhere">
                <span className="font-medium text-ink">{actor}</span> {phrase}
              </p>
              <Link to={paths.auditEntry(seq)} className="rounded-sm text-ink-faint text-xs hover:text-ink hover:underline">
                <Time at={at} now={now} />
              </Link>
            </li>
          ))}
        </ol>
      )}
    </Section>
  );
}
