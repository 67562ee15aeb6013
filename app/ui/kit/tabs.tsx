import { Link, NavLink } from "@remix-run/react";
import { cx } from "./cx";

export type Tab = { label: string; to: string; count?: number; end?: boolean; isCurrent?: boolean };

const tabLook = "-mb-px flex h-10 items-center gap-1.5 border-b-2 font-medium text-sm transition-colors sm:h-9";
const lookOf = (isCurrent: boolean) =>
  cx(tabLook, isCurrent ? "border-accent text-ink" : "border-transparent text-ink-muted hover:text-ink");

/**
 * Each tab is a page with a URL. `end`: active only at exactly this URL. `isCurrent`: for tabs that differ in their
 * query, which the path does not show.
 */
export function Tabs({ tabs, label, className }: { tabs: Tab[]; label: string; className?: string }) {
  return (
    <nav aria-label={label} className={cx("scroll-strip -mx-4 mb-5 print:hidden border-line border-b px-4 sm:mx-0 sm:px-0", className)}>
      <ul className="flex w-max min-w-full gap-5">
        {tabs.map((tab) => (
          <li key={tab.to}>
            {tab.isCurrent === undefined ? (
              <NavLink to={tab.to} end={tab.end} prefetch="intent" className={({ isActive }) => lookOf(isActive)}>
                <TabLabel tab={tab} />
              </NavLink>
            ) : (
              <Link to={tab.to} prefetch="intent" aria-current={tab.isCurrent ? "page" : undefined} className={lookOf(tab.isCurrent)}>
                <TabLabel tab={tab} />
              </Link>
            )}
          </li>
        ))}
      </ul>
    </nav>
  );
}

function TabLabel({ tab }: { tab: Tab }) {
  return (
    <>
      {tab.label}
      {tab.count !== undefined && (
        <span className="rounded-full bg-sunken px-1.5 py-px text-ink-muted text-xs">{tab.count.toLocaleString("en")}</span>
      )}
    </>
  );
}
