import { withdrawalLock } from "~/server/authority.server";
import type { Services } from "~/server/services.server";
import { writeAudit } from "~db/store/audit.server";
import { deleteSessionsOf, listSessions } from "~db/store/sessions.server";
import { actorOf, type SignedIn } from "./sessions.server";

/** Active sessions, most recently used first. */
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

export async function signOutOthers({ db, now }: Services, me: SignedIn): Promise<void> {
  await db.transaction([withdrawalLock("admin", me.id)], async (tx) => {
    const ended = await deleteSessionsOf(tx, db.tables, me.id, me.session);
    const about = { actor: actorOf(me), subjectKind: "admin", subject: me.id } as const;
    await writeAudit(tx, db.tables, { at: now(), action: "admin.signed_out_elsewhere", ...about, after: { sessions: ended } });
  });
}
