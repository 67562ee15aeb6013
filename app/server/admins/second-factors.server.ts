import type { Actor } from "~/core/model";
import { withdrawalLock } from "~/server/authority.server";
import type { Services } from "~/server/services.server";
import type { Queries } from "~db/database";
import { findCredentials, listAdmins } from "~db/store/admins.server";
import { writeAudit } from "~db/store/audit.server";
import { countRecoveryCodes, deleteFactor, findFactor, insertFactor, replaceRecoveryCodes } from "~db/store/second-factors.server";
import { deleteSessionsOf } from "~db/store/sessions.server";
import { type AdminRefused, adminsLock } from "./admins.server";
import { notCounted } from "./all-nodes-throttle.server";
import { passwordsBusy } from "./passwords.server";
import { newRecoveryCodes } from "./recovery-codes.server";
import { openSealing } from "./sealing.server";
import { consumeCode, type MatchedCode, matchCode, totpPurpose } from "./second-factor-code.server";
import { codeAccount, wrongCode } from "./second-step.server";
import { actorOf, type SignedIn } from "./sessions.server";
import { waitInWords } from "./sign-in-throttle.server";
import { newTotpSecret, qrCode, stepOfCode } from "./totp.server";

/** What the page needs to set up an app. `sealed` carries the secret through the form, for this session only. */
export type Setup = { sealed: string; secret: string; qr: { path: string; size: number } };
/** `codes`: the recovery codes, shown once. */
export type FactorDone = { ok: true; codes: string[] };
type Proof = { current: string; code: string };

const refused = (message: string, field?: string): AdminRefused => ({ ok: false, message, field });
const factorChanged = refused("Your second factor has changed. Load the page again.");

const setupPurpose = ({ id, session }: SignedIn) => `totp setup ${id} ${session}`;

/** Null if it is off. */
export async function factorState({ db }: Services, me: SignedIn): Promise<{ since: number; codesLeft: number } | null> {
  const factor = await findFactor(db.read, db.tables, me.id);
  return factor && { since: factor.createdAt, codesLeft: await countRecoveryCodes(db.read, db.tables, me.id) };
}

/** Nothing is stored until a code confirms it. `sealed`: the setup of a form that was refused, to show it again. */
export async function setupFor({ db }: Services, me: SignedIn, sealed?: string): Promise<Setup> {
  const sealing = await openSealing(db);
  const kept = sealed === undefined ? null : sealing.open(setupPurpose(me), sealed);
  const secret = kept ?? newTotpSecret();
  const shown = secret.replace(/.{4}(?=.)/g, "$& ");
  return { sealed: sealing.seal(setupPurpose(me), secret), secret: shown, qr: qrCode(secret, me.email) };
}

/** Requires codes at sign-in from now on. Ends the other sessions, which began without one. */
export async function switchOn(
  services: Services & { ip: string },
  me: SignedIn,
  form: Proof & { setup: string },
): Promise<FactorDone | AdminRefused> {
  const { db, now } = services;
  const sealing = await openSealing(db);
  const secret = sealing.open(setupPurpose(me), form.setup);
  if (secret === null) return refused("This page is too old. Load it again, and scan the new code.");
  const isProved = await prove(services, me, form.current, async () => stepOfCode(secret, form.code.replace(/\s/g, ""), now()));
  if (!isProved.ok) return isProved;
  const { shown, hashes } = newRecoveryCodes();
  return write(services, me, isProved.passwordHash, "admin.factor_switched_on", async (tx) => {
    const factor = { admin: me.id, secret: sealing.seal(totpPurpose(me.id), secret), lastStep: isProved.code, createdAt: now() };
    if (!(await insertFactor(tx, db.tables, factor))) return factorChanged;
    await replaceRecoveryCodes(tx, db.tables, me.id, hashes);
    await deleteSessionsOf(tx, db.tables, me.id, me.session);
    return { ok: true, codes: shown };
  });
}

/** Replaces all recovery codes, used or not. */
export async function renewCodes(services: Services & { ip: string }, me: SignedIn, form: Proof): Promise<FactorDone | AdminRefused> {
  const { shown, hashes } = newRecoveryCodes();
  return change(services, me, form, "admin.recovery_codes_made", async (tx) => {
    await replaceRecoveryCodes(tx, services.db.tables, me.id, hashes);
    return { ok: true, codes: shown };
  });
}

export const switchOff = (services: Services & { ip: string }, me: SignedIn, form: Proof): Promise<FactorDone | AdminRefused> =>
  change(services, me, form, "admin.factor_switched_off", async (tx) => {
    await deleteFactor(tx, services.db.tables, me.id);
    return { ok: true, codes: [] };
  });

/** For an admin who lost the app and the recovery codes. Ends all sessions. Only the password is asked from then on. */
export async function resetFactors(
  { db, now }: Services,
  actor: Actor,
  email: string,
): Promise<{ ok: true; hadFactor: boolean } | AdminRefused> {
  const admin = (await listAdmins(db.read, db.tables)).find((a) => a.email === email);
  if (!admin) return refused(`There is no admin with the address ${email}.`, "email");
  return db.transaction([adminsLock, withdrawalLock("admin", admin.id)], async (tx) => {
    const hadFactor = await deleteFactor(tx, db.tables, admin.id);
    if (!hadFactor) return { ok: true, hadFactor };
    const sessions = await deleteSessionsOf(tx, db.tables, admin.id);
    const about = { actor, subjectKind: "admin", subject: admin.id, after: { sessions } } as const;
    await writeAudit(tx, db.tables, { at: now(), action: "admin.factors_reset", ...about });
    return { ok: true, hadFactor };
  });
}

/** Changes the second factor of someone who proves the password and a code, which it uses up. */
async function change(
  services: Services & { ip: string },
  me: SignedIn,
  form: Proof,
  action: string,
  work: (tx: Queries) => Promise<FactorDone>,
): Promise<FactorDone | AdminRefused> {
  const { db } = services;
  const factor = await findFactor(db.read, db.tables, me.id);
  if (!factor) return factorChanged;
  const isProved = await prove<MatchedCode>(services, me, form.current, () => matchCode(services, factor, form.code));
  if (!isProved.ok) return isProved;
  return write(services, me, isProved.passwordHash, action, async (tx) => {
    if (!(await consumeCode(tx, services, me.id, isProved.code))) return refused(wrongCode, "code");
    return work(tx);
  });
}

/** Runs `work` if the password is still the one that was proved, with its audit entry unless it refuses. */
async function write(
  { db, now, throttle, ip }: Services & { ip: string },
  me: SignedIn,
  passwordHash: string | null,
  action: string,
  work: (tx: Queries) => Promise<FactorDone | AdminRefused>,
): Promise<FactorDone | AdminRefused> {
  const done = await db.transaction([adminsLock, withdrawalLock("admin", me.id)], async (tx) => {
    const current = await findCredentials(tx, db.tables, { id: me.id });
    if (current?.passwordHash !== passwordHash) return refused("This is not your current password.", "current");
    const result = await work(tx);
    if (result.ok) await writeAudit(tx, db.tables, { at: now(), actor: actorOf(me), action, subjectKind: "admin", subject: me.id });
    return result;
  });
  if (done.ok) await throttle.succeeded(triedBy(me, ip));
  return done;
}

const triedBy = (me: SignedIn, ip: string) => ({ account: codeAccount(me.id), ip, isSignedIn: true }) as const;

/** Checks the password, then the code. Tries count as at sign-in, so that an unattended session cannot be used to guess. */
async function prove<Code>(
  services: Services & { ip: string },
  me: SignedIn,
  password: string,
  checkCode: () => Promise<Code | null>,
): Promise<{ ok: true; passwordHash: string | null; code: Code } | AdminRefused> {
  const { db, passwords, throttle, ip, now } = services;
  const tried = triedBy(me, ip);
  const wait = await throttle.take(tried);
  if (wait === null) return refused(notCounted);
  if (wait > 0) return refused(`Too many tries. Wait ${waitInWords(wait)}, then try again.`);
  const found = await findCredentials(db.read, db.tables, { id: me.id });
  const isRight = await passwords.verify(found?.passwordHash ?? null, password, { goesFirst: true });
  if (isRight === null) {
    await throttle.takeBack(tried);
    return refused(passwordsBusy);
  }
  const code = found && isRight ? await checkCode() : null;
  if (found && code !== null) return { ok: true, passwordHash: found.passwordHash, code };
  const entry = { at: now(), actor: actorOf(me), action: "admin.factor_change_failed", subjectKind: "admin", subject: me.id } as const;
  await db.transaction([], (tx) => writeAudit(tx, db.tables, entry));
  return isRight ? refused(wrongCode, "code") : refused("This is not your current password.", "current");
}
