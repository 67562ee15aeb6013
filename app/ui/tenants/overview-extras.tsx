import type { Instant } from "~/core/model";
import { actOnGrant, mayAct, type Role } from "~/core/permissions";
import { paths } from "~/paths";
import { Badge } from "~/ui/kit/badge";
import { LinkButton, TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { count } from "~/ui/kit/pagination";
import { SourceBadge } from "~/ui/kit/status";
import { Time } from "~/ui/kit/time";

type Row = {
  id: string;
  kind: "trial" | "override";
  denies: boolean;
  feature: { key: string; name: string };
  gives: string | null;
  /** Null if it has started. */
  startsAt: Instant | null;
  endsAt: Instant | null;
  createdBy: string;
  note: string | null;
  isRedundant: boolean;
};
type Props = { grants: readonly Row[]; more: number; tenant: string; now: Instant; role: Role };

/** Live and upcoming trials and overrides, the next end first. */
export function OverviewExtras({ grants, more, tenant, now, role }: Props) {
  return (
    <Section title="Trials and overrides" flush>
      {grants.length === 0 ? (
        <p className="px-4 py-5 text-ink-muted text-sm">No trial or override is live or upcoming. The plan alone decides.</p>
      ) : (
        <ul className="divide-y divide-line">
          {grants.map((grant) => (
            <li key={grant.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
              <div className="min-w-0 flex-1 basis-56">
                <p className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1">
                  <span title={grant.feature.key} className="min-w-0 truncate font-medium text-ink text-sm">
                    {grant.feature.name}
                  </span>
                  <SourceBadge
                    source={grant.kind}
                    denies={grant.denies}
                    label={grant.kind === "trial" ? "Trial" : grant.denies ? "Denied" : "Allowed"}
                  />
                  {grant.gives !== null && <span className="min-w-0 text-ink text-sm wrap-anywhere">{grant.gives}</span>}
                  {grant.isRedundant && <Badge title="Without it, the answer would be the same.">Redundant</Badge>}
                </p>
                <p className="mt-0.5 text-ink-muted text-xs wrap-anywhere">
                  <When grant={grant} now={now} />, by {grant.createdBy}
                  {grant.note && <span className="italic">. {grant.note}</span>}
                </p>
              </div>
              <div className="flex gap-2 empty:hidden">
                {grant.endsAt !== null && mayAct(role, actOnGrant("extend", grant.kind)) && (
                  <LinkButton to={paths.grantExtend(tenant, grant.id)} size="sm" aria-label={`Extend: ${grant.feature.name}`}>
                    Extend
                  </LinkButton>
                )}
                {mayAct(role, actOnGrant("end", grant.kind)) && (
                  <LinkButton to={paths.grantEnd(tenant, grant.id)} size="sm" aria-label={`End: ${grant.feature.name}`}>
                    End
                  </LinkButton>
                )}
              </div>
            </li>
          ))}
        </ul>
      )}
      {more > 0 && (
        <p className="border-line border-t px-4 py-2 text-xs">
          <TextLink to={paths.tenantGrants(tenant)}>{`${count(more)} more`}</TextLink>
        </p>
      )}
    </Section>
  );
}

function When({ grant: { startsAt, endsAt }, now }: { grant: Row; now: Instant }) {
  return (
    <>
      {startsAt !== null && (
        <>
          Starts <Time at={startsAt} now={now} show="both" />,{" "}
        </>
      )}
      {endsAt === null ? (
        startsAt === null ? (
          "No end"
        ) : (
          "no end"
        )
      ) : (
        <>
          {startsAt === null ? "Ends " : "ends "}
          <Time at={endsAt} now={now} show="both" />
        </>
      )}
    </>
  );
}
