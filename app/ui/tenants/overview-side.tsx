import { Link } from "@remix-run/react";
import type { GroupCount } from "~/core/decision/tenant-outline";
import type { Instant } from "~/core/model";
import { paths } from "~/paths";
import { TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { count } from "~/ui/kit/pagination";
import { Time } from "~/ui/kit/time";

/** How many features of each group the tenant has. */
export function OverviewGroups({
  overview: { groups, moreGroups, entitled, all },
  tenant,
}: {
  overview: { groups: readonly GroupCount[]; moreGroups: number; entitled: number; all: number };
  tenant: string;
}) {
  return (
    <Section
      title="Features"
      flush
      actions={<TextLink to={paths.tenantFeatures(tenant, { show: "all" })}>{`${count(entitled)} of ${count(all)}`}</TextLink>}
    >
      <ul className="py-1.5">
        {groups.map(({ group, entitled, all }) => (
          <li key={group ?? ""} className="flex items-baseline justify-between gap-3 px-4 py-1 text-sm">
            <span className="min-w-0 truncate text-ink">{group ?? "Other features"}</span>
            <span className={entitled === 0 ? "shrink-0 text-ink-faint" : "shrink-0 text-ink-muted"}>
              {count(entitled)} of {count(all)}
            </span>
          </li>
        ))}
      </ul>
      {moreGroups > 0 && <p className="border-line border-t px-4 py-2 text-ink-muted text-xs">{count(moreGroups)} more groups</p>}
    </Section>
  );
}

type Activity = { seq: number; actor: string; phrase: string; at: Instant };

/** The last changes of the tenant, in sentences. */
export function OverviewActivity({ activities, tenant, now }: { activities: readonly Activity[]; tenant: string; now: Instant }) {
  return (
    <Section title="Activity" flush actions={<TextLink to={paths.tenantAudit(tenant)}>All</TextLink>}>
      {activities.length === 0 ? (
        <p className="px-4 py-5 text-ink-muted text-sm">Nothing was changed yet.</p>
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

const syncWords = { in_sync: "In sync", pending: "Waiting to be sent", failing: "Failing", never: "Not sent yet" } as const;

export function OverviewSync({ sync, tenant }: { sync: keyof typeof syncWords; tenant: string }) {
  return (
    <Section title="PostHog" actions={<TextLink to={paths.tenantPosthog(tenant)}>Properties</TextLink>}>
      <p className={sync === "failing" ? "text-no text-sm" : "text-ink text-sm"}>{syncWords[sync]}</p>
    </Section>
  );
}
