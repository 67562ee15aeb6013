import { deleteSessionsOf, listSessions } from "~db/store/sessions.server";
import type { Services } from "./services.server";
import type { SignedIn } from "./sessions.server";

/** Those that still count, last seen first. */
export async function ownSessions({ db, env, now }: Services, me: SignedIn) {
  const at = now();
  const sessions = await listSessions(db.readAside, db.tables, me.id);
  return sessions
    .map(({ hash, createdAt, lastSeenAt, expiresAt }) => ({
      isThis: hash === me.session,
      createdAt,
      lastSeenAt,
      endsAt: Math.min(expiresAt, lastSeenAt + env.sessionIdleMs),
    }))
    .filter(({ endsAt }) => at < endsAt);
}

export async function signOutOthers({ db }: Services, me: SignedIn): Promise<void> {
  await db.transaction([], (tx) => deleteSessionsOf(tx, db.tables, me.id, me.session));
}
