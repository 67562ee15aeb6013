import { type ApprovalRules, noApprovals } from "~/core/approvals/approvals";
import type { Actor } from "~/core/model";
import { sameJson } from "~/core/same-json";
import { storedApprovals } from "~/forms/approvals/approvals";
import type { Services } from "~/server/services.server";
import type { Queries } from "~db/database";
import type { Schema } from "~db/schema";
import { writeAudit } from "~db/store/audit.server";
import { readSetting, writeSetting } from "~db/store/settings.server";

const setting = "approvals";

export async function readApprovals(q: Queries, t: Schema): Promise<ApprovalRules> {
  return storedApprovals.catch(noApprovals).parse((await readSetting(q, t, setting)) ?? noApprovals);
}

/** False if nothing differs. */
export function saveApprovals({ db, now }: Services, actor: Actor, rules: ApprovalRules): Promise<boolean> {
  return db.transaction([{ key: `setting:${setting}` }], async (tx) => {
    const before = await readApprovals(tx, db.tables);
    if (sameJson(before, rules)) return false;
    await writeSetting(tx, db.tables, setting, rules);
    const about = { subjectKind: "settings", subject: "approvals" } as const;
    await writeAudit(tx, db.tables, { at: now(), actor, action: "approvals.changed", ...about, before, after: rules });
    return true;
  });
}
