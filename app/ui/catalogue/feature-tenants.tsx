import { Link } from "@remix-run/react";
import type { ReactNode } from "react";
import type { BoundedCount } from "~/core/bounded-count";
import { paths } from "~/paths";
import { boundedTenants, boundedWords } from "~/ui/kit/bounded-count";
import { TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { cx } from "~/ui/kit/cx";
import { SourceBadge } from "~/ui/kit/status";

type Props = {
  feature: string;
  /** More than the limit is still a yes. */
  isSoft: boolean;
  has: { [source in "plan" | "addOn" | "trial" | "allow" | "deny"]: BoundedCount } & {
    [fill in "atLimit" | "nearlyAtLimit"]: BoundedCount | null;
  };
};

/** How many tenants have a feature, by what gives it to them, each with the list behind it. */
export function FeatureTenants({ feature, isSoft, has }: Props) {
  const { plan, addOn, trial, allow, deny, atLimit, nearlyAtLimit } = has;
  const to = (through: string) => paths.tenants({ feature, through });
  return (
    <Section
      title="Tenants that have it"
      description="Active tenants by source, unless an override decides. A tenant with two sources counts under both."
      actions={atLimit && <TextLink to={paths.usage({ feature })}>Usage</TextLink>}
      flush
    >
      <ul className="grid grid-cols-2 gap-px bg-line sm:grid-cols-4">
        <SourceCount to={to("plan")} count={plan} label={<SourceBadge source="plan" />} />
        <SourceCount to={to("add_on")} count={addOn} label={<SourceBadge source="add_on" />} />
        <SourceCount to={to("trial")} count={trial} label={<SourceBadge source="trial" />} />
        <SourceCount to={to("override")} count={allow} label={<SourceBadge source="override" />} />
      </ul>
      {(deny.tenants > 0 || atLimit) && (
        <ul className="divide-y divide-line border-line border-t text-sm">
          {atLimit && (
            <li className="flex flex-wrap items-baseline gap-x-4 px-4 py-2.5">
              <Link
                to={isSoft ? paths.usage({ feature, level: 100 }) : to("limit")}
                className={cx("rounded-sm hover:underline", atLimit.tenants > 0 ? "text-no" : "text-ink-muted")}
              >
                {boundedTenants(atLimit)} reached the limit
              </Link>
              {nearlyAtLimit && (
                <Link to={paths.usage({ feature, level: 80 })} className="rounded-sm text-ink-muted hover:underline">
                  {boundedWords(nearlyAtLimit)} used 80 % or more
                </Link>
              )}
            </li>
          )}
          {deny.tenants > 0 && <li className="px-4 py-2.5 text-no">{boundedTenants(deny)} denied it by an override</li>}
        </ul>
      )}
    </Section>
  );
}

function SourceCount({ to, count, label }: { to: string; count: BoundedCount; label: ReactNode }) {
  return (
    <li className="min-w-0 bg-surface">
      <Link to={to} className="group block px-4 py-3 hover:bg-sunken/50">
        {label}
        <span
          className={cx(
            "mt-1 block truncate font-semibold text-xl tracking-tight group-hover:underline",
            count.tenants === 0 ? "text-ink-faint" : "text-ink",
          )}
        >
          {boundedWords(count)}
        </span>
        <span className="block text-ink-muted text-xs">{count.tenants === 1 ? "tenant" : "tenants"}</span>
      </Link>
    </li>
  );
}
