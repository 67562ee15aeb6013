import { Link } from "@remix-run/react";
import { ChevronRight } from "lucide-react";
import { Fragment, type ReactNode } from "react";
import { cx } from "./cx";

export type Crumb = { label: string; to: string };

type PageHeaderProps = {
  title: string;
  /** Small elements beside the title, such as a status badge. */
  badges?: ReactNode;
  description?: ReactNode;
  /** From the outermost page to the parent. */
  breadcrumbs?: Crumb[];
  actions?: ReactNode;
  /** For many actions: they are below the description until the window is wide. */
  areActionsWide?: boolean;
  className?: string;
};

export function PageHeader({ title, badges, description, breadcrumbs = [], actions, areActionsWide = false, className }: PageHeaderProps) {
  return (
    <header className={cx("mb-5", className)}>
      {breadcrumbs.length > 0 && (
        <nav aria-label="Breadcrumbs" className="mb-1.5 print:hidden">
          <ol className="flex min-w-0 items-center gap-1 text-ink-muted text-xs">
            {breadcrumbs.map((crumb) => (
              <Fragment key={crumb.to}>
                <li className="min-w-0 max-w-56 truncate">
                  <Link to={crumb.to} title={crumb.label} className="rounded-sm hover:text-ink hover:underline">
                    {crumb.label}
                  </Link>
                </li>
                <li aria-hidden="true" className="shrink-0 text-ink-faint">
                  <ChevronRight className="size-3" />
                </li>
              </Fragment>
            ))}
            <li aria-current="page" className="min-w-0 shrink-[999] truncate text-ink-faint">
              {title}
            </li>
          </ol>
        </nav>
      )}
      {/* In reading order: with another order on the screen, parts would move while the page arrives. */}
      <div
        className={cx(
          "grid items-center gap-x-6 gap-y-1",
          areActionsWide
            ? "xl:grid-cols-[minmax(12rem,1fr)_auto] xl:grid-rows-[minmax(2rem,auto)]"
            : "sm:grid-cols-[minmax(12rem,1fr)_auto] sm:grid-rows-[minmax(2rem,auto)]",
        )}
      >
        <div className="flex min-w-0 max-w-full items-center gap-2.5">
          <h1 title={title} tabIndex={-1} className="truncate rounded-sm outline-none font-semibold text-ink text-xl tracking-tight">
            {title}
          </h1>
          {badges && <span className="flex shrink-0 items-center gap-1.5">{badges}</span>}
        </div>
        {description && <div className="col-span-full min-w-0 text-ink-muted text-sm wrap-anywhere">{description}</div>}
        {actions && (
          <div
            className={cx(
              "flex min-w-0 flex-wrap items-center gap-2 empty:hidden print:hidden",
              areActionsWide
                ? "max-xl:mt-2 xl:col-start-2 xl:row-start-1 xl:justify-end"
                : "max-sm:mt-2 sm:col-start-2 sm:row-start-1 sm:justify-end",
            )}
          >
            {actions}
          </div>
        )}
      </div>
    </header>
  );
}
