import type { Instant } from "~/core/model";
import { type Act, mayAct, roleNeeded, scopesFor } from "~/core/permissions";
import type { Database, Lock, Queries } from "~db/database";
import { type KeyRights, readKeyRights, readSessionRights, type SessionRights } from "~db/store/rights.server";
import type { Services } from "./services.server";

/**
 * The right a request writes with. It is checked when the request's headers arrive and again in every write's
 * transaction, because the key may be revoked or the admin disabled meanwhile. Plain data, so that another process can
 * check it.
 */
export type Authority =
  /** `acts`: the key needs a scope of one of them. `tenant`: the tenant the key is bound to, or null. */
  | { kind: "key"; id: string; acts: readonly Act[]; tenant: string | null }
  /** `session`: its hash. `act`: what the role has to allow. */
  | { kind: "admin"; id: string; session: string; act: Act };

/** The id of the API key that makes the change, or null. */
export const keyIdOf = (authority: Authority | null): string | null => (authority?.kind === "key" ? authority.id : null);

export type Withdrawal =
  | "key_unknown"
  | "key_revoked"
  | "key_expired"
  | "scope_missing"
  | "session_ended"
  | "admin_disabled"
  | "role_missing";

/** The right was withdrawn between the request's headers and its write. Nothing was written. */
export class RightWithdrawn extends Error {
  constructor(
    readonly authority: Authority,
    readonly why: Withdrawal,
  ) {
    super(`The right to write was withdrawn: ${why}`);
  }
}

type Clock = { now: () => Instant; env: Pick<Services["env"], "sessionIdleMs"> };

function whyNotKey({ acts, tenant }: Authority & { kind: "key" }, key: KeyRights | undefined, now: Instant): Withdrawal | null {
  if (!key) return "key_unknown";
  if (key.revokedAt !== null) return "key_revoked";
  if (key.expiresAt !== null && now >= key.expiresAt) return "key_expired";
  const isBoundElsewhere = key.tenant !== null && key.tenant !== tenant;
  if (isBoundElsewhere || !scopesFor(acts).some((scope) => key.scopes.includes(scope))) return "scope_missing";
  return null;
}

function whyNotAdmin(authority: Authority & { kind: "admin" }, session: SessionRights | undefined, now: Instant, idleMs: number) {
  // A disabled admin has no sessions, so one check covers both.
  if (!session || session.admin !== authority.id) return "session_ended";
  if (session.isDisabled) return "admin_disabled";
  if (now >= session.expiresAt || now >= session.lastSeenAt + idleMs) return "session_ended";
  return mayAct(session.role, authority.act) ? null : "role_missing";
}

/**
 * Returns per right why it may no longer write, or null. The program itself and the command line always may. Runs at
 * most two statements. `tx` is the writing transaction.
 */
export async function withdrawals(
  { db, now, env }: Clock & { db: Pick<Database, "tables"> },
  tx: Queries,
  authorities: readonly (Authority | null)[],
): Promise<(Withdrawal | null)[]> {
  const ids = authorities.flatMap((a) => (a?.kind === "key" ? [a.id] : []));
  const hashes = authorities.flatMap((a) => (a?.kind === "admin" ? [a.session] : []));
  const keys = ids.length > 0 ? await readKeyRights(tx, db.tables, ids) : null;
  const sessions = hashes.length > 0 ? await readSessionRights(tx, db.tables, hashes) : null;
  const at = now();
  return authorities.map((a) => {
    if (a === null) return null;
    return a.kind === "key" ? whyNotKey(a, keys?.get(a.id), at) : whyNotAdmin(a, sessions?.get(a.session), at, env.sessionIdleMs);
  });
}

/** Returns the items of a shared transaction whose right has ended, each with the error for its request. */
export async function refusedOf<Item extends { authority: Authority | null }>(
  parts: Clock & { db: Pick<Database, "tables"> },
  tx: Queries,
  items: readonly Item[],
): Promise<Map<Item, unknown>> {
  const whys = await withdrawals(
    parts,
    tx,
    items.map(({ authority }) => authority),
  );
  const refused = new Map<Item, unknown>();
  for (const [i, item] of items.entries()) {
    const why = whys[i];
    if (why && item.authority) refused.set(item, refusalOf(item.authority, why));
  }
  return refused;
}

const lockKey = (kind: Authority["kind"], id: string) => `right:${kind}:${id}`;

/** Lock that writes hold until they commit, so that on PostgreSQL none commits after the withdrawal was answered. */
export function rightLocks(items: readonly { authority: Pick<Authority, "kind" | "id"> | null }[]): Lock[] {
  const keys = new Set(items.flatMap(({ authority: a }) => (a ? [lockKey(a.kind, a.id)] : [])));
  return [...keys].map((key) => ({ key, shared: true }));
}

/** Taken by every change that withdraws rights of a key or an admin. */
export const withdrawalLock = (kind: Authority["kind"], id: string): Lock => ({ key: lockKey(kind, id) });

/** The error for a withdrawn right: pages throw a response, the API turns the error into one. */
export const refusalOf = (authority: Authority, why: Withdrawal): Response | RightWithdrawn =>
  authority.kind === "key" ? new RightWithdrawn(authority, why) : pageRefusal(authority.act, why);

/** The response for a role that does not allow an act. */
export const roleMissing = (act: Act) => new Response(roleNeeded(act), { status: 403, statusText: "Forbidden" });

function pageRefusal(act: Act, why: Withdrawal): Response {
  if (why === "role_missing") return roleMissing(act);
  const sentence =
    why === "admin_disabled"
      ? "Your account was disabled, so nothing was saved. Ask an owner."
      : "Your session has ended, so nothing was saved. Sign in, then send the form again.";
  return new Response(sentence, { status: 401, statusText: "Unauthorized" });
}

type Refuse = (authority: Authority, why: Withdrawal) => unknown;

const bases = new WeakMap<Database, Database>();

/** The database without the check of rights, for bookkeeping around a write and for signing in. */
export const unguarded = (db: Database): Database => bases.get(db) ?? db;

/** Returns services whose every transaction first checks this right and fails without it. */
export function byRightOf<S extends Services>(services: S, authority: Authority, refuse: Refuse = refusalOf): S {
  const base = unguarded(services.db);
  const transaction: Database["transaction"] = (locks, work, ...more) => {
    const isWithdrawing = locks.some(({ key, shared }) => !shared && key === lockKey(authority.kind, authority.id));
    const all = isWithdrawing ? locks : [...locks, ...rightLocks([{ authority }])];
    const checked = async (tx: Queries) => {
      const [why] = await withdrawals({ now: services.now, env: services.env, db: base }, tx, [authority]);
      if (why) throw refuse(authority, why);
      return work(tx);
    };
    return base.transaction(all, checked, ...more);
  };
  // Copied without reading its properties, so that code that does not use the database works while it is unavailable.
  const db: Database = Object.defineProperties({} as Database, Object.getOwnPropertyDescriptors(base));
  db.transaction = transaction;
  bases.set(db, base);
  return { ...services, db, authority };
}
