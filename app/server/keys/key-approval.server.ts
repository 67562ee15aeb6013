import { needsApproval, whyKeyApproval } from "~/core/approvals/approvals";
import type { Actor, Instant } from "~/core/model";
import type { Refusal } from "~/core/outcome";
import type { ApiScope } from "~/core/permissions";
import { isKeyRequest, type KeyRequest, keyIdOfRequest, whyNotCreateKey } from "~/core/requests/key-request";
import type { RequestedKey } from "~/core/requests/request";
import { day, hour } from "~/core/time";
import { readApprovals } from "~/server/approvals/approval-rules.server";
import { holdForApproval } from "~/server/approvals/keep-request.server";
import { withRequest } from "~/server/changes/change.server";
import { requestGone } from "~/server/requests/decide.server";
import { findRequest } from "~/server/requests/inbox.server";
import type { Services } from "~/server/services.server";
import { readKeyNames } from "~db/store/api-keys.server";
import { jobsLock } from "~db/store/jobs.server";
import { readRequest } from "~db/store/requests.server";
import { createKey, type KeyForm, type KeyGate } from "./api-keys.server";
import { type Rotated, rotateKey } from "./key-rotation.server";

export type KeyToCreate = Omit<KeyForm, "expiresAt" | "replaces" | "request"> & { days: number | null; note: string | null };

/** Requests without a tenant are counted and used under this lock. */
const locks = [jobsLock];

const endsAt = ({ now }: Pick<Services, "now">, days: number | null): Instant | null => (days === null ? null : now() + days * day);

/** Refuses a key that needs a second person, and keeps it as a request. */
function approvalGate(
  services: Services,
  by: Actor,
  scopes: readonly ApiScope[],
  act: RequestedKey,
  note: string | null,
): KeyGate<Refusal> {
  const { db, newId } = services;
  const actor = withRequest(services, by);
  return async (tx, at) => {
    const why = whyKeyApproval(scopes, await readApprovals(tx, db.tables));
    if (why === null) return null;
    return holdForApproval({ tx, t: db.tables, at, newId, actor }, "", needsApproval(why, { act, note, reason: null }));
  };
}

/** Creates a key for a person, unless it needs a second one. */
export function createPersonsKey(services: Services, actor: Actor, { days, note, ...form }: KeyToCreate) {
  const { name, scopes, origins = null } = form;
  const gate = approvalGate(services, actor, scopes, { act: "create_key", name, scopes, origins, days }, note);
  return createKey(services, actor, { ...form, expiresAt: endsAt(services, days) }, { gate, locks });
}

/** Rotates a key for a person, who gets to know the new one, unless that needs a second person. */
export function rotatePersonsKey(services: Services, actor: Actor, key: string, overlapHours: number): Promise<Rotated | Refusal> {
  return rotateKey(services, actor, key, overlapHours * hour, {
    locks,
    gate: ({ name, scopes }) => approvalGate(services, actor, scopes, { act: "rotate_key", key, name, overlapHours }, null),
  });
}

export async function findKeyRequest(services: Pick<Services, "db">, id: string): Promise<KeyRequest | null> {
  const request = await findRequest(services, id);
  return request && isKeyRequest(request) ? request : null;
}

/** Whether a request was used up by its key. Revoked keys count. */
export const isKeyOfRequestMade = async ({ db }: Pick<Services, "db">, id: string): Promise<boolean> =>
  (await readKeyNames(db.readAside, db.tables, [keyIdOfRequest(id)])).size > 0;

/** Creates the key of an approved request, for the one who asked. */
export async function createApprovedKey(services: Services, actor: Actor, id: string) {
  const { db } = services;
  const found = await findKeyRequest(services, id);
  if (!found) return requestGone;
  const gate: KeyGate<Refusal> = async (tx, at) => {
    const request = await readRequest(tx, db.tables, id);
    if (!request || !isKeyRequest(request)) return requestGone;
    const made = await readKeyNames(tx, db.tables, [keyIdOfRequest(id)]);
    return whyNotCreateKey(request, actor, made.size > 0, at);
  };
  const { act } = found;
  if (act.act === "rotate_key")
    return rotateKey(services, actor, act.key, act.overlapHours * hour, { gate: () => gate, locks, request: id });
  const { name, scopes, origins, days } = act;
  return createKey(services, actor, { name, scopes, origins, expiresAt: endsAt(services, days), request: id }, { gate, locks });
}
