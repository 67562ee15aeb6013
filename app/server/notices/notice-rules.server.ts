import type { Actor, Instant, Json } from "~/core/model";
import type { NewNotice } from "~/core/notices/notice";
import { defaultNoticeRules, type NoticeRules } from "~/core/notices/notice-rules";
import { storedNoticeRules } from "~/forms/notices/notice-rules";
import type { Services } from "~/server/services.server";
import type { Queries } from "~db/database";
import type { Schema } from "~db/schema";
import { writeAudit } from "~db/store/audit.server";
import { insertNotices } from "~db/store/notices.server";
import { readSetting, writeSetting } from "~db/store/settings.server";

const setting = "notice_rules";
const rulesLock = { key: `setting:${setting}` };

export async function readNoticeRules(q: Queries, t: Schema): Promise<NoticeRules> {
  const parsed = storedNoticeRules.safeParse(await readSetting(q, t, setting));
  return parsed.success ? parsed.data : defaultNoticeRules;
}

/** Writes a notice in the transaction of what it is about, if the rules want it. */
export async function raiseNotice(tx: Queries, t: Schema, notice: NewNotice, now: Instant): Promise<void> {
  const { kinds } = await readNoticeRules(tx, t);
  if (kinds.includes(notice.kind)) await insertNotices(tx, t, [notice], now);
}

export async function saveNoticeRules({ db, now }: Services, actor: Actor, rules: NoticeRules): Promise<void> {
  await db.transaction([rulesLock], async (tx) => {
    const before = await readNoticeRules(tx, db.tables);
    if (JSON.stringify(before) === JSON.stringify(rules)) return;
    await writeSetting(tx, db.tables, setting, rules as Json);
    const about = { subjectKind: "settings", subject: setting, before: before as Json, after: rules as Json } as const;
    await writeAudit(tx, db.tables, { at: now(), actor, action: "notice_rules.changed", ...about });
  });
}
