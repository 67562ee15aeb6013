import type { Actor } from "~/core/model";
import { agreeOnSecret, readInstallationSecret, secretLock } from "~/server/installation-secret.server";
import { randomToken } from "~/server/random.server";
import type { Services } from "~/server/services.server";
import type { Database } from "~db/database";
import { writeAudit } from "~db/store/audit.server";
import { appendChange } from "~db/store/changes.server";
import { writeSetting } from "~db/store/settings.server";

const settingName = "token_secret";

/** Null before the first start of an installation. */
export const readTokenSecret = (db: Database) => readInstallationSecret(db, settingName);

export const agreeOnTokenSecret = (db: Database) => agreeOnSecret(db, settingName);

/**
 * Replaces the secret, which ends every token and ticket. Other processes notice through the change feed, as for a
 * revoked key.
 */
export async function rotateTokenSecret({ db, keys, now }: Services, actor: Actor): Promise<void> {
  const at = now();
  await db.transaction([secretLock(settingName)], async (tx) => {
    await writeSetting(tx, db.tables, settingName, randomToken());
    await appendChange(tx, db.tables, "key", settingName, at);
    await writeAudit(tx, db.tables, { at, actor, action: "token_secret.rotated", subjectKind: "settings", subject: settingName });
  });
  keys.forget();
  await keys.refresh();
}
