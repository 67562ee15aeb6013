import type { Database, Lock } from "~db/database";
import { readSetting, writeSetting } from "~db/store/settings.server";
import { randomToken } from "./random.server";

export const secretLock = (name: string): Lock => ({ key: `setting:${name}` });

/** Null if the installation has not made it yet. */
export const readInstallationSecret = async (db: Database, name: string): Promise<string | null> =>
  (await readSetting(db.read, db.tables, name)) as string | null;

/** The first process of an installation creates the secret of 256 bits; others read it. */
export async function agreeOnSecret(db: Database, name: string): Promise<string> {
  return (await readInstallationSecret(db, name)) ?? db.transaction([secretLock(name)], makeUnlessMade);

  async function makeUnlessMade(tx: Database["read"]): Promise<string> {
    const existing = await readSetting(tx, db.tables, name);
    if (existing !== null) return existing as string;
    const made = randomToken();
    await writeSetting(tx, db.tables, name, made);
    return made;
  }
}
