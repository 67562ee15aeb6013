import type { ReactNode } from "react";

/** Describes what a button does. */
export function ActionDescription({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="min-w-0 flex-1 basis-60 text-sm">
      <p className="font-medium text-ink">{title}</p>
      <p className="max-w-prose text-ink-muted">{children}</p>
    </div>
  );
}
