import { timingSafeEqual } from "node:crypto";
import type { Actor } from "~/core/model";
import { type OwnerForm, ownerForm } from "~/forms/admins/admin";
import { EnvProblem } from "~/server/env.server";
import { randomToken, sha256, tokenPattern } from "~/server/random.server";
import type { Services } from "~/server/services.server";
import { type Admin, findAdmin, hasOwner, insertAdmin } from "~db/store/admins.server";
import { writeAudit } from "~db/store/audit.server";
import { deleteSetting, readSetting, writeSetting } from "~db/store/settings.server";
import { isUniqueViolation } from "~db/unique";
import { type AdminRefused, adminsLock, type Done } from "./admins.server";
import { passwordProblem } from "./password-policy.server";
import { passwordsBusy } from "./passwords.server";
import { actorOf } from "./sessions.server";

/** The SHA-256 of the setup link's token, while there is no owner. */
const setupSetting = "setup_link";
const system: Actor = { kind: "system", id: "start", name: "Latchkey" };

/** Returns the token of a new setup link and invalidates earlier ones, or null if there is an owner. */
export async function openSetup({ db }: Services): Promise<string | null> {
  const token = randomToken();
  return db.transaction([adminsLock], async (tx) => {
    if (await hasOwner(tx, db.tables)) return null;
    await writeSetting(tx, db.tables, setupSetting, sha256(token));
    return token;
  });
}

export const isSetUp = ({ db }: Services): Promise<boolean> => hasOwner(db.read, db.tables);

export async function isSetupToken({ db }: Services, token: string): Promise<boolean> {
  return isSame(await readSetting(db.read, db.tables, setupSetting), token);
}

/** Compares in constant time. */
function isSame(stored: unknown, token: string): boolean {
  if (typeof stored !== "string" || !tokenPattern.test(token)) return false;
  return timingSafeEqual(Buffer.from(stored), Buffer.from(sha256(token)));
}

const spent: AdminRefused = {
  ok: false,
  message: "This set-up link is not the newest one, or has done its work. Use the newest, or sign in.",
};

type How = { actor: Actor | { themselvesFrom: string | undefined }; onlyFirst: boolean; token?: string };

async function create(services: Services, form: OwnerForm, { actor, onlyFirst, token }: How): Promise<Done | AdminRefused> {
  const { db, now, newId, passwords } = services;
  const { name, email, password } = form;
  // Anyone can send this form, so cheap checks come before the password is hashed.
  if (token !== undefined && !(await isSetupToken(services, token))) return spent;
  const problem = passwordProblem(password, form);
  if (problem) return { ok: false, message: problem, field: "password" };
  const passwordHash = await passwords.hash(password);
  if (passwordHash === null) return { ok: false, message: passwordsBusy };
  const id = newId("adm");
  const at = now();
  const by: Actor = "themselvesFrom" in actor ? actorOf({ id, name }, actor.themselvesFrom) : actor;
  try {
    return await db.transaction([adminsLock], async (tx) => {
      const isUsed = token !== undefined && !isSame(await readSetting(tx, db.tables, setupSetting), token);
      if (isUsed || (onlyFirst && (await hasOwner(tx, db.tables)))) {
        return spent;
      }
      await insertAdmin(tx, db.tables, { id, name, email, role: "owner", passwordHash, createdAt: new Date(at), createdBy: by.name });
      await deleteSetting(tx, db.tables, setupSetting);
      const after = { name, email, role: "owner" };
      await writeAudit(tx, db.tables, { at, actor: by, action: "admin.created", subjectKind: "admin", subject: id, after });
      return { ok: true, admin: (await findAdmin(tx, db.tables, id)) as Admin };
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return { ok: false, message: "There is an admin with this e-mail address already.", field: "email" };
  }
}

/** Through the setup link printed at start. */
export const setUpOwner = (services: Services & { ip?: string }, token: string, form: OwnerForm) =>
  create(services, form, { actor: { themselvesFrom: services.ip }, onlyFirst: true, token });

/** From the command line, at any time. */
export const createOwner = (services: Services, actor: Actor, form: OwnerForm) => create(services, form, { actor, onlyFirst: false });

/** From LATCHKEY_OWNER_EMAIL and LATCHKEY_OWNER_PASSWORD, which are used only while there is no owner. */
export async function createOwnerFromEnv(services: Services): Promise<void> {
  const { env, db } = services;
  if (env.owner === null || (await hasOwner(db.read, db.tables))) return;
  const form = ownerForm.safeParse({ name: "Owner", ...env.owner });
  if (!form.success) throw new EnvProblem(`LATCHKEY_OWNER_PASSWORD: ${form.error.issues[0]?.message}`);
  const done = await create(services, form.data, { actor: system, onlyFirst: true });
  if (!done.ok && done.field === "password") throw new EnvProblem(`LATCHKEY_OWNER_PASSWORD: ${done.message}`);
  if (!done.ok && done.field === "email") throw new EnvProblem(`LATCHKEY_OWNER_EMAIL: ${done.message}`);
}
