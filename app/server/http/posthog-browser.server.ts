import { type Refusal, refuse } from "~/core/outcome";
import { paths } from "~/paths";
import { actorOf, type SignedIn, signedIn } from "~/server/admins/sessions.server";
import type { RequestContext, Services } from "~/server/services.server";
import { writeAudit } from "~db/store/audit.server";
import { readSetting, writeSetting } from "~db/store/settings.server";

const notOffered =
  "No visits are recorded here. Whoever runs this Latchkey sets POSTHOG_SESSION_REPLAY and POSTHOG_JS_ENABLED, then starts it again.";
const consentOf = (admin: string) => `session_replay:${admin}`;

const isOffered = ({ posthog }: Pick<Services, "posthog">) => posthog?.settings.browser === true && posthog.settings.sessionReplay;

/** Null if sessions are not recorded, so there is no choice. */
export async function replayChoice({ posthog, db }: Services, admin: SignedIn): Promise<boolean | null> {
  if (!isOffered({ posthog })) return null;
  return (await readSetting(db.read, db.tables, consentOf(admin.id))) === true;
}

/** Recording starts only after the admin agreed, and ends with their next page after they decline. */
export async function chooseReplay({ db, now, posthog }: Services, admin: SignedIn, isWanted: boolean): Promise<{ ok: true } | Refusal> {
  if (isWanted && !isOffered({ posthog })) return refuse("value_invalid", notOffered);
  const key = consentOf(admin.id);
  await db.transaction([{ key: `setting:${key}` }], async (tx) => {
    const before = (await readSetting(tx, db.tables, key)) === true;
    if (before === isWanted) return;
    await writeSetting(tx, db.tables, key, isWanted);
    const about = { actor: actorOf(admin), subjectKind: "admin", subject: admin.id } as const;
    const change = { before: { sessionReplay: before }, after: { sessionReplay: isWanted } };
    await writeAudit(tx, db.tables, { at: now(), action: "admin.session_replay_chosen", ...about, ...change });
  });
  return { ok: true };
}

/** posthog-js settings for a page, or null if it is not loaded. */
export async function browserPosthog(request: Request, context: RequestContext) {
  const { posthog, visit } = context;
  if (!posthog?.settings.browser || posthog.requests.isFiltered()) return null;
  const { projectKey, appHost, groupType } = posthog.settings;
  const admin = await signedIn(request, context);
  return {
    token: projectKey,
    host: paths.relay(),
    uiHost: appHost,
    groupType,
    visitor: visit?.id ?? null,
    admin: admin && { id: admin.id, properties: posthog.requests.mapTags(personOf(admin)) as { [name: string]: string } },
    replay: admin !== null && (await replayChoice(context, admin)) === true,
  };
}

const personOf = ({ email, name, role }: SignedIn) => ({ email, name, role });
