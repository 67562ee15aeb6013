import type { ReactNode } from "react";
import { cx } from "./cx";

/** The chart's numbers, behind a summary. */
export function ChartTable({ caption, heads, children }: { caption: string; heads: string[]; children: ReactNode }) {
  return (
    <details className="mt-3 text-xs print:hidden">
      <summary className="w-fit rounded-sm text-ink-muted underline decoration-line-strong underline-offset-4 hover:text-ink">
        Show as a table
      </summary>
      <div className="mt-2 max-h-72 overflow-y-auto">
        <table className="w-full max-w-md text-left">
          <caption className="sr-only">{caption}</caption>
          <thead className="text-ink-muted">
            <tr>
              {heads.map((head, i) => (
                <th key={head} scope="col" className={cx("py-1 font-medium", i > 0 && "text-right")}>
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y divide-line">{children}</tbody>
        </table>
      </div>
    </details>
  );
}
