import type { GroupEventCount, GroupEventCounts } from "~/core/posthog/group-event-counts";
import { AutoRefresh } from "~/ui/kit/auto-refresh";
import { Section } from "~/ui/kit/card";
import { type Column, DataTable } from "~/ui/kit/data-table";
import { count } from "~/ui/kit/pagination";
import { Time } from "~/ui/kit/time";

const columnsAt = (now: number): Column<GroupEventCount>[] => [
  { id: "event", header: "Event", primary: true, cell: (row) => <span className="break-words">{row.event}</span>, className: "sm:w-2/5" },
  { id: "count", header: "Events", align: "right", cell: (row) => count(row.count) },
  { id: "last", header: "Last", cell: (row) => row.lastAt !== null && <Time at={row.lastAt} now={now} className="text-ink-muted" /> },
];

/** PostHog's own counts, apart from what Latchkey counted. */
export function TenantEventCounts({ events, group, days, now }: { events: GroupEventCounts; group: string; days: number; now: number }) {
  return (
    <Section
      title="Events in PostHog"
      flush
      description={
        <>
          {`Counted by PostHog, not by Latchkey: events of the group “${group}” in the last ${days} days.`}
          {events.state !== "asking" && events.at !== null && (
            <>
              {" As of "}
              <Time at={events.at} now={now} />.
            </>
          )}
        </>
      }
    >
      {events.state === "asking" ? (
        <p role="status" className="p-4 text-ink-muted text-sm">
          Waiting for PostHog's answer… <noscript>Reload the page to see it.</noscript>
          <AutoRefresh />
        </p>
      ) : (
        <>
          {events.state === "failed" && <p className="p-4 text-sm text-warn">{events.why}</p>}
          {(events.state === "known" || events.counts.length > 0) && (
            <DataTable
              rows={events.counts}
              columns={columnsAt(now)}
              rowKey={(row) => row.event}
              caption="Events in PostHog by name"
              empty={<p className="p-4 text-ink-muted text-sm">{`PostHog received no event of this group in the last ${days} days.`}</p>}
            />
          )}
          {events.isCut && (
            <p className="border-line border-t px-4 py-2 md:max-2xl:px-2.5 text-ink-muted text-sm">
              The most frequent ones; PostHog has events with other names too.
            </p>
          )}
        </>
      )}
    </Section>
  );
}
