import { Form, Link } from "@remix-run/react";
import type { Instant } from "~/core/model";
import type { NoticeKind } from "~/core/notices/notice-rules";
import { Button } from "~/ui/kit/button";
import { cx } from "~/ui/kit/cx";
import { Time } from "~/ui/kit/time";
import { noticeIcon, noticeLink } from "./notice-words";

export type ShownNotice = { seq: number; kind: NoticeKind; at: Instant; text: string; about: string | null; isRead: boolean; now: Instant };

export function NoticeList({ notices }: { notices: readonly ShownNotice[] }) {
  return (
    <ul className="divide-y divide-line">
      {notices.map((notice) => (
        <NoticeRow key={notice.seq} {...notice} />
      ))}
    </ul>
  );
}

function NoticeRow({ seq, kind, at, text, about, isRead, now }: ShownNotice) {
  const Icon = noticeIcon(kind);
  return (
    <li className="flex items-start gap-3 px-4 py-3 text-sm">
      <span
        className={cx(
          "grid size-7 shrink-0 place-items-center rounded-full",
          isRead ? "bg-sunken text-ink-faint" : "bg-accent-soft text-accent",
        )}
      >
        <Icon className="size-4" aria-hidden="true" />
      </span>
      <div className="min-w-0 flex-1">
        <Link
          to={noticeLink(kind, about)}
          className={cx("rounded-sm wrap-anywhere hover:underline", isRead ? "text-ink-muted" : "font-medium text-ink")}
        >
          {!isRead && <span className="sr-only">Unread: </span>}
          {text}
        </Link>
        <p className="mt-0.5 text-ink-faint text-xs">
          <Time at={at} now={now} />
        </p>
      </div>
      {!isRead && (
        <Form method="post" className="shrink-0">
          <input type="hidden" name="seq" value={seq} />
          <Button name="intent" value="read" size="sm" variant="ghost" aria-label={`Mark as read: ${text}`}>
            Mark as read
          </Button>
        </Form>
      )}
    </li>
  );
}
