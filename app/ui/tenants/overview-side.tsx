import type { GroupCount } from "~/core/decision/tenant-outline";
import { paths } from "~/paths";
import { TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { count } from "~/ui/kit/pagination";
import { useAsOfQuery } from "./as-of";

/** How many features of each group the tenant has. */
export function OverviewGroups({
  overview: { groups, moreGroups, entitled, all },
  tenant,
}: {
  overview: { groups: readonly GroupCount[]; moreGroups: number; entitled: number; all: number };
  tenant: string;
}) {
  const query = useAsOfQuery();
  return (
    <Section
      title="Features"
      flush
      actions={<TextLink to={paths.tenantFeatures(tenant, { show: "all", ...query })}>{`${count(entitled)} of ${count(all)}`}</TextLink>}
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

const syncWords = { in_sync: "In sync", pending: "Waiting to be sent", failing: "Failing", never: "Not sent yet" } as const;

export function OverviewSync({ sync, tenant }: { sync: keyof typeof syncWords; tenant: string }) {
  return (
    <Section title="PostHog" actions={<TextLink to={paths.tenantPosthog(tenant)}>Properties</TextLink>}>
      <p className={sync === "failing" ? "text-no text-sm" : "text-ink text-sm"}>{syncWords[sync]}</p>
    </Section>
  );
}
