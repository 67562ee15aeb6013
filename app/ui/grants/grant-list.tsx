import type { Instant } from "~/core/model";
import { actOnGrant, mayAct, type Role } from "~/core/permissions";
import { listWords, shorten } from "~/core/text";
import { paths } from "~/paths";
import { Badge } from "~/ui/kit/badge";
import { LinkButton } from "~/ui/kit/button";
import { SourceBadge } from "~/ui/kit/status";
import { Time } from "~/ui/kit/time";

export type GrantItem = {
  id: string;
  kind: "trial" | "override";
  denies: boolean;
  feature: { key: string; name: string };
  gives: string | null;
  startsAt: Instant;
  until: Instant | null;
  endedBy: string | null;
  note: string | null;
  createdAt: Instant;
  createdBy: string;
  extendsFrom: Instant | null;
  isExtended: boolean;
  canConvert: boolean;
  bundle: { id: string; plan: string; features: string[] } | null;
  next: { words: string; at: Instant; problem: string | null; isOnly: boolean } | null;
};

/** The feature's name, or the bundle's. */
export const grantName = ({ bundle, feature }: Pick<GrantItem, "bundle" | "feature">) => (bundle ? `Bundle ${bundle.plan}` : feature.name);

/** "24 features: SSO, Epics, …" */
export const bundleWords = (features: readonly string[]) =>
  `${features.length} ${features.length === 1 ? "feature" : "features"}: ${shorten(listWords(features), 300)}`;

type Props = { grants: readonly GrantItem[]; state: "live" | "upcoming" | "ended"; tenant: string; now: Instant; role: Role };

/** A tenant's trials and overrides with who gave them, when and why. */
export function GrantList({ grants, state, tenant, now, role }: Props) {
  return (
    <ul className="divide-y divide-line">
      {grants.map((grant) => (
        <li key={grant.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
          <div className="min-w-0 flex-1 basis-64">
            <p className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1">
              <span title={grant.bundle ? undefined : grant.feature.key} className="min-w-0 truncate font-medium text-ink text-sm">
                {grantName(grant)}
              </span>
              <SourceBadge source={grant.kind} label={grantLabel(grant)} denies={grant.denies} />
              {grant.gives !== null && !grant.bundle && <span className="min-w-0 text-ink text-sm wrap-anywhere">{grant.gives}</span>}
              {grant.isExtended && <Badge>Extended</Badge>}
            </p>
            {grant.bundle && <p className="mt-0.5 text-ink-muted text-sm wrap-anywhere">{bundleWords(grant.bundle.features)}</p>}
            <p className="mt-0.5 text-ink-muted text-sm">
              <When grant={grant} state={state} now={now} />
              {grant.next && <NextWords next={grant.next} until={grant.until} now={now} />}
            </p>
            <p className="mt-0.5 text-ink-muted text-xs">
              Given <Time at={grant.createdAt} now={now} show="date" /> by {grant.createdBy}
              {grant.extendsFrom !== null && (
                <>
                  , extends one that was to end <Time at={grant.extendsFrom} now={now} show="date" />
                </>
              )}
              {grant.endedBy !== null && !grant.isExtended && `, ended by ${grant.endedBy}`}
            </p>
            {grant.note !== null && grant.note !== "" && <p className="mt-1 text-ink-muted text-xs italic wrap-anywhere">{grant.note}</p>}
          </div>
          {state !== "ended" && (
            <div className="flex gap-2 empty:hidden">
              {grant.until !== null && mayAct(role, actOnGrant("extend", grant.kind)) && (
                <LinkButton to={paths.grantExtend(tenant, grant.id)} size="sm" aria-label={`Extend: ${grantName(grant)}`}>
                  Extend
                </LinkButton>
              )}
              {grant.canConvert && mayAct(role, "tenants.change") && (
                <LinkButton to={paths.grantConvert(tenant, grant.id)} size="sm" aria-label={`Convert: ${grantName(grant)}`}>
                  Convert
                </LinkButton>
              )}
              {mayAct(role, actOnGrant("end", grant.kind)) && (
                <LinkButton to={paths.grantEnd(tenant, grant.id)} size="sm" aria-label={`End now: ${grantName(grant)}`}>
                  End now
                </LinkButton>
              )}
            </div>
          )}
        </li>
      ))}
    </ul>
  );
}

/** ", then moves to Business" */
function NextWords({ next: { words, at, problem }, until, now }: { next: NonNullable<GrantItem["next"]> } & WhenNext) {
  return (
    <>
      , then {words}
      {at !== until && (
        <>
          {" "}
          <Time at={at} now={now} show="both" />, when the last of its trials ends
        </>
      )}
      {problem && <Badge tone="warn">Will have no effect</Badge>}
    </>
  );
}
type WhenNext = { until: Instant | null; now: Instant };

export const grantLabel = ({ kind, denies }: Pick<GrantItem, "kind" | "denies">) =>
  kind === "trial" ? "Trial" : denies ? "Denied" : "Allowed";

function When({ grant, state, now }: { grant: GrantItem; state: Props["state"]; now: Instant }) {
  const { startsAt, until } = grant;
  if (state === "ended") {
    return (
      <>
        <Time at={startsAt} now={now} show="date" /> to {until === null ? "now" : <Time at={until} now={now} show="both" />}
      </>
    );
  }
  return (
    <>
      {state === "upcoming" && (
        <>
          Starts <Time at={startsAt} now={now} show="both" />,{" "}
        </>
      )}
      {until === null ? (
        state === "upcoming" ? (
          "no end"
        ) : (
          "No end"
        )
      ) : (
        <>
          {state === "upcoming" ? "ends " : "Ends "}
          <Time at={until} now={now} show="both" />
        </>
      )}
    </>
  );
}
