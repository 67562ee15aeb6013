import { Link, useSearchParams } from "@remix-run/react";
import { SearchX } from "lucide-react";
import { Fragment } from "react";
import type { ReasonCode } from "~/core/decision/decide";
import { paths } from "~/paths";
import { TextLink } from "~/ui/kit/button";
import { Section } from "~/ui/kit/card";
import { cx } from "~/ui/kit/cx";
import { EmptyState } from "~/ui/kit/empty-state";
import { count, Pagination } from "~/ui/kit/pagination";
import { DecisionMark } from "~/ui/kit/status";

type Row = {
  key: string;
  name: string;
  group: string | null;
  entitled: boolean;
  reason: ReasonCode;
  message: string;
  gives: string | null;
};
type Props = {
  answers: { rows: readonly Row[]; total: number; all: number; entitled: number; page: number; pageSize: number };
  tenant: { key: string; name: string };
  /** The feature whose rules are shown. */
  chosen: string | null;
};

/** The decisions of one page of features, by group. */
export function PlaygroundAnswers({ answers: { rows, total, all, entitled, page, pageSize }, tenant, chosen }: Props) {
  const [params] = useSearchParams();
  const toFeature = (key: string) => {
    const next = new URLSearchParams(params);
    next.set("feature", key);
    // Where the answer is above the list, as on a phone, the list may be far below it.
    return `?${next}#answer`;
  };
  return (
    <Section
      title={`${count(entitled)} of ${count(all)} ${all === 1 ? "feature" : "features"} on`}
      actions={
        <TextLink to={paths.tenant(tenant.key)} className="wrap-anywhere">
          {tenant.name}
        </TextLink>
      }
      flush
    >
      {rows.length === 0 ? (
        <EmptyState icon={SearchX} title="No feature fits">
          Try other words, or show all answers.
        </EmptyState>
      ) : (
        <ul className="divide-y divide-line">
          {rows.map((row, i) => (
            <Fragment key={row.key}>
              {(i === 0 || rows[i - 1]?.group !== row.group) && (
                <li className="truncate bg-sunken/50 px-4 py-1.5 font-medium text-ink-muted text-xs">{row.group ?? "Other features"}</li>
              )}
              <li>
                <Link
                  to={toFeature(row.key)}
                  preventScrollReset
                  discover="none"
                  aria-current={row.key === chosen || undefined}
                  className={cx(
                    "flex min-h-10 items-center gap-3 px-4 py-1.5 text-sm",
                    row.key === chosen ? "bg-accent-soft" : "hover:bg-sunken/50",
                  )}
                >
                  <DecisionMark entitled={row.entitled} reason={row.reason} compact />
                  <span className="grid min-w-0 flex-1 gap-x-4 sm:grid-cols-[minmax(0,2fr)_minmax(0,3fr)] sm:items-baseline">
                    <span className="flex min-w-0 items-baseline gap-2">
                      <span title={row.name} className="truncate font-medium text-ink">
                        {row.name}
                      </span>
                      {row.gives !== null && <span className="min-w-8 max-w-1/2 truncate text-ink-muted text-xs">{row.gives}</span>}
                    </span>
                    <span className="truncate text-ink-muted max-sm:whitespace-normal max-sm:wrap-anywhere">{row.message}</span>
                  </span>
                </Link>
              </li>
            </Fragment>
          ))}
        </ul>
      )}
      {total > pageSize && <Pagination page={page} pageSize={pageSize} total={total} noun="features" />}
    </Section>
  );
}
