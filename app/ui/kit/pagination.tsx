import { Link, useSearchParams } from "@remix-run/react";
import { ChevronLeft, ChevronRight, ChevronsLeft, ChevronsRight } from "lucide-react";
import type { ReactNode } from "react";
import { buttonLook } from "./button";
import { cx } from "./cx";

export const count = (n: number) => n.toLocaleString("en");

type Props = {
  page: number;
  pageSize: number;
  total: number;
  /** True if there may be more than `total`. */
  isMore?: boolean;
  /** The last page that the server shows. */
  maxPage?: number;
  noun?: string;
  /** Query parameter of the page number. */
  name?: string;
  /** Distinguishes two paginations of one page. */
  label?: string;
};

/** Pages start at 1. The URL keeps its other parameters. */
export function Pagination({
  page,
  pageSize,
  total,
  isMore,
  maxPage = Number.POSITIVE_INFINITY,
  noun = "",
  name = "page",
  label = "Pages",
}: Props) {
  if (total === 0) return null;
  const last = Math.min(maxPage, Math.max(1, Math.ceil(total / pageSize)));
  const from = Math.min((page - 1) * pageSize + 1, total);
  const to = Math.min(page * pageSize, total);
  return (
    <nav
      aria-label={label}
      className="flex items-center justify-between gap-3 border-line border-t px-4 py-2 md:max-2xl:px-2.5 text-ink-muted text-xs"
    >
      <p>
        <span className="text-ink">{from === to ? count(from) : `${count(from)}–${count(to)}`}</span> of {isMore ? "at least " : ""}
        {count(total)} <span className="max-sm:sr-only">{noun}</span>
      </p>
      {last > 1 && (
        <div className="flex items-center gap-1">
          <PageLink name={name} page={1} disabled={page <= 1} label="First page">
            <ChevronsLeft aria-hidden="true" />
          </PageLink>
          <PageLink name={name} page={page - 1} disabled={page <= 1} label="Previous page">
            <ChevronLeft aria-hidden="true" />
          </PageLink>
          <span className="px-1.5 max-sm:hidden">
            Page {count(page)} of {count(last)}
          </span>
          <PageLink name={name} page={page + 1} disabled={page >= last} label="Next page">
            <ChevronRight aria-hidden="true" />
          </PageLink>
          <PageLink name={name} page={last} disabled={page >= last} label="Last page">
            <ChevronsRight aria-hidden="true" />
          </PageLink>
        </div>
      )}
    </nav>
  );
}

function PageLink({
  name,
  page,
  disabled,
  label,
  children,
}: {
  name: string;
  page: number;
  disabled: boolean;
  label: string;
  children: ReactNode;
}) {
  const [params] = useSearchParams();
  const look = cx(buttonLook({ variant: "ghost", size: "icon" }));
  if (disabled) {
    return (
      <span className={cx(look, "pointer-events-none opacity-35")} aria-hidden="true">
        {children}
      </span>
    );
  }
  const next = new URLSearchParams(params);
  if (page === 1) next.delete(name);
  else next.set(name, String(page));
  return (
    <Link to={`?${next}`} prefetch="intent" aria-label={label} title={label} className={look}>
      {children}
    </Link>
  );
}
