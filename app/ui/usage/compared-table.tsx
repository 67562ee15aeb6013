import { Link } from "@remix-run/react";
import type { CSSProperties, ReactNode } from "react";
import type { TenantStatus } from "~/core/model";
import { paths } from "~/paths";

export type ComparedColumn = {
  key: string;
  name: string;
  status: TenantStatus;
  plan: string | null;
  addOns: readonly string[];
  entitled: number;
  checks: number;
  refused: number;
  previous: number;
};

/** A row per subject, a column per tenant. The first column and the names stay in view. */
export function ComparedTable({
  tenants,
  caption,
  children,
}: {
  tenants: readonly ComparedColumn[];
  caption: string;
  children: ReactNode;
}) {
  return (
    <div className="relative min-w-0 overflow-x-auto">
      <table className="w-full min-w-(--compared-width) table-fixed border-collapse text-left text-sm" style={widthOf(tenants.length)}>
        <caption className="sr-only">{caption}</caption>
        <thead className="bg-sunken/50">
          <tr>
            <th scope="col" className="sticky left-0 z-10 w-32 bg-surface px-4 sm:w-56">
              <span className="sr-only">Subject</span>
            </th>
            {tenants.map(({ key, name }) => (
              <th key={key} scope="col" className="px-4 py-2 font-medium">
                <Link to={paths.tenant(key)} title={name} className="block truncate rounded-sm hover:text-accent hover:underline">
                  {name}
                </Link>
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line border-line border-t">{children}</tbody>
      </table>
    </div>
  );
}

const widthOf = (columns: number) => ({ "--compared-width": `${8 + 10 * columns}rem` }) as CSSProperties;

export function ComparedRow({ head, differs, children }: { head: ReactNode; differs?: boolean; children: ReactNode }) {
  return (
    <tr>
      <th scope="row" className="sticky left-0 z-10 bg-surface px-4 py-2 font-normal text-ink-muted">
        {head}
        {differs && <span className="sr-only"> (differs)</span>}
      </th>
      {children}
    </tr>
  );
}

export const ComparedCell = ({ children, differs }: { children: ReactNode; differs?: boolean }) => (
  <td className={differs === false ? "px-4 py-2 text-ink-muted wrap-anywhere" : "px-4 py-2 wrap-anywhere"}>{children}</td>
);
