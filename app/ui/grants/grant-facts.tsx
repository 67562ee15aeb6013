import type { Instant } from "~/core/model";
import { KeyValue } from "~/ui/kit/key-value";
import { SourceBadge } from "~/ui/kit/status";
import { Time } from "~/ui/kit/time";
import type { GrantItem } from "./grant-list";
import { bundleWords, grantLabel } from "./grant-list";

/** A grant, above a form that changes it. */
export function GrantFacts({ grant, now }: { grant: GrantItem; now: Instant }) {
  const { feature, kind, denies, gives, startsAt, until, createdAt, createdBy, note, next } = grant;
  return (
    <KeyValue
      items={[
        grant.bundle
          ? { label: "Bundle", value: `${grant.bundle.plan}, ${bundleWords(grant.bundle.features)}` }
          : { label: "Feature", value: feature.name },
        {
          label: "Grant",
          value: (
            <span className="flex flex-wrap items-center gap-2">
              <SourceBadge source={kind} label={grantLabel(grant)} denies={denies} />
              {!grant.bundle && gives}
            </span>
          ),
        },
        { label: startsAt > now ? "Starts" : "Started", value: <Time at={startsAt} now={now} show="both" /> },
        {
          label: until !== null && until <= now ? "Ended" : "Ends",
          value: until === null ? "When somebody ends it" : <Time at={until} now={now} show="both" />,
        },
        {
          label: "Given",
          value: (
            <>
              <Time at={createdAt} now={now} show="date" /> by {createdBy}
            </>
          ),
        },
        ...(next ? [{ label: "Then", value: `${next.words.charAt(0).toUpperCase()}${next.words.slice(1)}` }] : []),
        ...(note ? [{ label: "Note", value: note }] : []),
      ]}
    />
  );
}
