import type { ChangeLine } from "~/core/audit/change-lines";
import { Details } from "~/ui/kit/details";

/** Changed fields in words, one per row: what it was and what it is. */
export function ChangeTable({ lines }: { lines: readonly ChangeLine[] }) {
  return (
    <dl className="divide-y divide-line border-line border-y text-sm">
      {lines.map(({ label, before, after }) => (
        <div key={`${label}\n${before}\n${after}`} className="grid gap-x-6 gap-y-1 py-2 sm:grid-cols-[minmax(10rem,1fr)_minmax(0,2fr)]">
          <dt className="text-ink-muted wrap-anywhere">{label}</dt>
          <dd className="flex min-w-0 flex-wrap items-baseline gap-x-2 gap-y-1 text-ink wrap-anywhere">
            {before !== null && (
              <>
                <del className="rounded bg-no-soft px-1.5 text-no no-underline">
                  <span className="sr-only">before: </span>
                  {before}
                </del>
                <span aria-hidden="true" className="text-ink-faint">
                  →
                </span>
              </>
            )}
            {after === null ? (
              <span className="text-ink-muted italic">removed</span>
            ) : (
              <ins className="rounded bg-yes-soft px-1.5 text-yes no-underline">
                <span className="sr-only">after: </span>
                {after}
              </ins>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** The documents as they are stored, with times in ISO form. */
export function RawDocuments({ before, after }: { before: string | null; after: string | null }) {
  if (before === null && after === null) return null;
  return (
    <Details summary="Documents as stored" className="mt-4">
      <div className="grid gap-4 lg:grid-cols-2">
        <RawDocument title="Before" json={before} />
        <RawDocument title="After" json={after} />
      </div>
    </Details>
  );
}

function RawDocument({ title, json }: { title: string; json: string | null }) {
  return (
    <div className="min-w-0">
      <h2 className="font-medium text-ink-muted text-xs">{title}</h2>
      <pre className="mt-1 rounded-control border border-line bg-sunken p-3 font-mono text-ink text-xs whitespace-pre-wrap wrap-anywhere">
        {json ?? "none"}
      </pre>
    </div>
  );
}
