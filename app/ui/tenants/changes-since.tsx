import { Link } from "@remix-run/react";
import type { DifferingAnswer } from "~/core/decision/differing-answers";
import type { Instant } from "~/core/model";
import { zonedDay } from "~/core/zoned-time";
import { paths } from "~/paths";
import { TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { count } from "~/ui/kit/pagination";
import { Time } from "~/ui/kit/time";

type Entry = { seq: number; actor: string; phrase: string; at: Instant };
type Props = {
  changes: { differing: readonly DifferingAnswer[]; moreDiffering: number; entries: readonly Entry[]; hasMoreEntries: boolean };
  at: Instant;
  isPast: boolean;
  tenant: string;
  zone: string;
  now: Instant;
};

/** What differs between an instant and today, and what was changed in between. */
export function ChangesSinceSection({ changes, at, isPast, tenant, zone, now }: Props) {
  const { differing, moreDiffering, entries, hasMoreEntries } = changes;
  const from = { from: zonedDay(at, zone), zone };
  return (
    <Section title={isPast ? "Changes since" : "Changes until then"} flush>
      {differing.length === 0 ? (
        <p className="px-4 py-5 text-ink-muted text-sm">
          {isPast ? "Every feature has the same answer today." : "Every feature will have the same answer as today."}
        </p>
      ) : (
        <ul className="divide-y divide-line">
          {differing.map(({ key, name, before, after }) => (
            <li key={key} className="grid gap-x-4 gap-y-1 px-4 py-2.5 text-sm sm:grid-cols-3">
              <Link to={paths.feature(key)} discover="none" title={name} className="min-w-0 truncate font-medium text-ink hover:underline">
                {name}
              </Link>
              <Side label={isPast ? "Then" : "Today"} side={before} />
              <Side label={isPast ? "Today" : "Then"} side={after} />
            </li>
          ))}
        </ul>
      )}
      {moreDiffering > 0 && (
        <p className="border-line border-t px-4 py-2 text-ink-muted text-xs">{count(moreDiffering)} more features differ.</p>
      )}
      {entries.length > 0 && (
        <ol aria-label="Changes of this tenant since" className="divide-y divide-line border-line border-t">
          {entries.map(({ seq, actor, phrase, at }) => (
            <li key={seq} className="flex flex-wrap items-baseline justify-between gap-x-4 px-4 py-2 text-sm">
              <span className="min-w-0 text-ink-muted wrap-anywhere">
                <span className="font-medium text-ink">{actor}</span> {phrase}
              </span>
              <Link to={paths.auditEntry(seq)} discover="none" className="text-ink-faint text-xs hover:text-ink hover:underline">
                <Time at={at} now={now} show="exact" />
              </Link>
            </li>
          ))}
        </ol>
      )}
      {isPast && (
        <p className="border-line border-t px-4 py-2 text-ink-muted text-xs">
          <TextLink to={paths.audit({ tenant, ...from })}>
            {hasMoreEntries ? "All changes of this tenant" : "This tenant in the activity"}
          </TextLink>
          {" · "}
          <TextLink to={paths.audit({ kind: "plan", ...from })}>Changes of plans</TextLink>
          {" · "}
          <TextLink to={paths.audit({ kind: "feature", ...from })}>Changes of features</TextLink>
        </p>
      )}
    </Section>
  );
}

function Side({ label, side }: { label: string; side: DifferingAnswer["before"] }) {
  return (
    <p className="min-w-0 text-ink-muted text-xs wrap-anywhere">
      <span className="text-ink-faint">{label}: </span>
      {side === null ? (
        "not in the catalogue"
      ) : (
        <>
          <span className={side.entitled ? "font-medium text-yes" : "font-medium text-ink"}>
            {side.entitled ? (side.gives ?? "Yes") : "No"}
          </span>
          <span className="block">{side.message}</span>
        </>
      )}
    </p>
  );
}
