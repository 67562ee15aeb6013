import { Link } from "@remix-run/react";
import { Bell } from "lucide-react";
import { paths } from "~/paths";
import { buttonLook } from "~/ui/kit/button";
import { cx } from "~/ui/kit/cx";

/** `className` has to position it. `unread`: at most 100, which means that there may be more. Null if it is not known. */
export function NoticeBell({ unread, className }: { unread: number | null; className?: string }) {
  const text = unread === null || unread === 0 ? null : unread >= 100 ? "99+" : String(unread);
  return (
    <Link
      to={paths.notices()}
      prefetch="intent"
      aria-label={text === null ? "Notices" : `Notices, ${text} unread`}
      title="Notices"
      className={cx(buttonLook({ variant: "ghost", size: "icon" }), className)}
    >
      <Bell aria-hidden="true" />
      {text !== null && (
        <span className="absolute -top-0.5 left-1/2 min-w-4 rounded-full bg-accent px-1 text-center font-semibold text-[0.625rem] text-surface leading-4">
          {text}
        </span>
      )}
    </Link>
  );
}
