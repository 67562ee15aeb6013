import type { z } from "zod";
import type { noticeListQuery } from "~/forms/notices/notice-list";
import type { Services } from "~/server/services.server";
import { countUnreadNotices, findNotice, listNotices, markNoticeRead, markNoticesReadUpTo } from "~db/store/notices.server";
import { readNoticeRules } from "./notice-rules.server";

const noticesPerPage = 20;
/** Unread notices are counted up to here; the bell shows one less and a plus. */
export const maxUnreadCounted = 100;

export async function readNotices({ db, now }: Services, admin: string, { kind, before }: z.output<typeof noticeListQuery>) {
  const { readAside: q, tables: t } = db;
  const found = await listNotices(q, t, { admin, kind, before, size: noticesPerPage + 1 });
  const page = found.slice(0, noticesPerPage);
  const at = now();
  return {
    notices: page.map((notice) => ({ ...notice, now: at })),
    next: found.length > noticesPerPage ? (page.at(-1)?.seq ?? null) : null,
    newest: page[0]?.seq ?? null,
    unread: await countUnreadNotices(q, t, admin, maxUnreadCounted),
    kind,
    isFirst: before === undefined,
    rules: await readNoticeRules(q, t),
    now: at,
  };
}

/** For the bell. Null if it cannot be read, which must not take the page with it. */
export async function unreadNotices({ db, log }: Services, admin: string): Promise<number | null> {
  try {
    return await countUnreadNotices(db.readAside, db.tables, admin, maxUnreadCounted);
  } catch (err) {
    log.warn({ err }, "unread notices could not be counted");
    return null;
  }
}

export async function readOne({ db, now }: Services, admin: string, seq: number): Promise<void> {
  await db.transaction([], async (tx) => {
    if (await findNotice(tx, db.tables, seq)) await markNoticeRead(tx, db.tables, admin, seq, now());
  });
}

/** Up to a notice that the person was shown, so that those that came since stay unread. */
export const readAllUpTo = ({ db }: Services, admin: string, seq: number): Promise<void> =>
  db.transaction([], (tx) => markNoticesReadUpTo(tx, db.tables, admin, seq));
