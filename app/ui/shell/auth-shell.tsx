import type { ReactNode } from "react";
import { Card } from "~/ui/kit/card";
import { cx } from "~/ui/kit/cx";
import { Brand } from "./brand";

type AuthShellProps = { title: string; description?: ReactNode; children: ReactNode; footer?: ReactNode; wide?: boolean };

/** Frame of pages before sign-in: sign in, set up, accept an invitation. */
export function AuthShell({ title, description, children, footer, wide }: AuthShellProps) {
  return (
    <main className="flex min-h-dvh flex-col items-center px-4 py-10 sm:justify-center">
      <div className={cx("w-full", wide ? "max-w-2xl" : "max-w-sm")}>
        <div className="mb-6 flex justify-center">
          <Brand />
        </div>
        <Card roomy>
          <h1 className="font-semibold text-ink text-lg tracking-tight">{title}</h1>
          {description && <div className="mt-1 text-ink-muted text-sm">{description}</div>}
          <div className="mt-5">{children}</div>
        </Card>
        {footer && <div className="mt-4 text-center text-ink-muted text-xs">{footer}</div>}
      </div>
    </main>
  );
}
