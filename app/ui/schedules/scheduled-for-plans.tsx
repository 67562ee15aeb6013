import { Fragment, type ReactNode } from "react";
import { paths } from "~/paths";
import { TextLink } from "~/ui/kit/button";
import { Notice } from "~/ui/kit/notice";
import { count } from "~/ui/kit/pagination";

/** How many tenants, whether there may be more, and the first of them. */
export type TenantsScheduled = { count: number; hasMore: boolean; first: readonly { key: string; name: string }[] };
type Props = {
  scheduled: TenantsScheduled;
  /** After "2 tenants are". */
  title: string;
  className?: string;
  /** What becomes of their changes, before the names. */
  children: ReactNode;
};

/** Names the tenants whose scheduled changes an archive would make impossible. Left out while there is none. */
export function ScheduledForPlans({ scheduled: { count: all, hasMore, first }, title, className, children }: Props) {
  if (all === 0) return null;
  const plus = hasMore ? "+" : "";
  return (
    <Notice kind="warning" className={className} title={`${count(all)}${plus} ${all === 1 ? "tenant is" : "tenants are"} ${title}.`}>
      {children}:{" "}
      {first.map((tenant, i) => (
        <Fragment key={tenant.key}>
          {i > 0 && ", "}
          <TextLink to={paths.tenant(tenant.key)}>{tenant.name}</TextLink>
        </Fragment>
      ))}
      {all > first.length ? `, and ${count(all - first.length)}${plus} more.` : "."}
    </Notice>
  );
}
