import { randomBytes } from "node:crypto";
import type { Actor } from "~/core/model";
import type { Services } from "~/server/services.server";
import type { Database, Lock } from "~db/database";
import { writeAudit } from "~db/store/audit.server";
import { appendChange } from "~db/store/changes.server";
import { readSetting, writeSetting } from "~db/store/settings.server";

const settingName = "token_secret";
const lock: Lock = { key: `setting:${settingName}` };
const newSecret = () => randomBytes(32).toString("base64url");

/** Null before the first start of an installation. */
export const readTokenSecret = async (db: Database): Promise<string | null> =>
  (await readSetting(db.read, db.tables, settingName)) as string | null;

/** The first process of an installation creates the secret; others read it. */
export async function agreeOnTokenSecret(db: Database): Promise<string> {
  return (await readTokenSecret(db)) ?? db.transaction([lock], makeUnlessMade);

  async function makeUnlessMade(tx: Database["read"]): Promise<string> {
    const existing = await readSetting(tx, db.tables, settingName);
    if (existing !== null) return existing as string;
    const made = newSecret();
    await writeSetting(tx, db.tables, settingName, made);
    return made;
  }
}

/**
 * Replaces the secret, which ends every token and ticket. Other processes notice through the change feed, as for a
 * revoked key.
 */
export async function rotateTokenSecret({ db, keys, now }: Services, actor: Actor): Promise<void> {
  const at = now();
  await db.transaction([lock], async (tx) => {
    await writeSetting(tx, db.tables, settingName, newSecret());
    await appendChange(tx, db.tables, "key", settingName, at);
    await writeAudit(tx, db.tables, { at, actor, action: "token_secret.rotated", subjectKind: "settings", subject: settingName });
  });
  keys.forget();
  await keys.refresh();
}
