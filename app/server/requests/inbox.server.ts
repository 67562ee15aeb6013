import { answerRow } from "~/core/decision/answer-row";
import { applyChange } from "~/core/decision/changes";
import type { Instant, TenantFacts } from "~/core/model";
import { mayAct } from "~/core/permissions";
import { isKeyRequest, type KeyRequest, keyIdOfRequest, keyUseEndsAt, whyNotCreateKey } from "~/core/requests/key-request";
import {
  featuresOfAct,
  isOwnRequest,
  ownRequestWords,
  type RequestState,
  requestStateOf,
  rightToDecide,
  type StoredRequest,
} from "~/core/requests/request";
import { describeRequest } from "~/core/requests/request-words";
import { requestedChange, requestWithinRails } from "~/core/requests/requested-change";
import type { SignedIn } from "~/server/admins/sessions.server";
import { boundsOfRole } from "~/server/rails/rails.server";
import type { Services } from "~/server/services.server";
import { currentTenant } from "~/server/tenants/tenants.server";
import { readKeyNames } from "~db/store/api-keys.server";
import { listRequests, type RequestPlace, readRequest } from "~db/store/requests.server";
import { makersOf } from "./decide.server";

const pageSize = 20;
/** Features of a request whose current answer is shown. */
const maxFeatures = 5;
/** Of a trial whose request does not say how long. */
const usualDays = 14;

export const findRequest = ({ db }: Pick<Services, "db">, id: string) => readRequest(db.readAside, db.tables, id);

type Query = { state?: RequestState; tenant?: string; after?: RequestPlace };

/** Newest first. `next`: the last of the page, or null at the end. */
export async function requestsAfter({ db, now }: Pick<Services, "db" | "now">, { after, ...filter }: Query, size: number) {
  const found = await listRequests(db.readAside, db.tables, filter, now(), { after, size: size + 1 });
  const requests = found.slice(0, size);
  return { requests, next: found.length > size ? (requests.at(-1) ?? null) : null };
}

/** A page of requests, each with what its tenant has now and what granting it would meet. */
export async function requestInbox(services: Services, admin: SignedIn, query: Query, zone: string) {
  await services.facts.look();
  const at = services.now();
  const { requests, next } = await requestsAfter(services, query, pageSize);
  const { readAside: q, tables: t } = services.db;
  const makers = await makersOf(
    q,
    t,
    requests.map(({ actor }) => actor),
  );
  const keys = await readKeyNames(
    q,
    t,
    requests.filter(isKeyRequest).map(({ id }) => keyIdOfRequest(id)),
  );
  const items = [];
  for (const request of requests) {
    const isOwn = isOwnRequest(request, { kind: "admin", id: admin.id }, makers);
    const key = isKeyRequest(request) ? shownKey(request, admin, keys.has(keyIdOfRequest(request.id)), at) : null;
    items.push({ ...(await shownRequest(services, admin, { ...request, isOwn }, at, zone)), key });
  }
  return { items, next, now: at };
}

/** Whether the key of a request was created, and until when its asker may. Null: it is not approved. */
function shownKey(request: KeyRequest, { id }: SignedIn, isCreated: boolean, now: Instant) {
  const endsAt = keyUseEndsAt(request);
  if (endsAt === null) return null;
  return { isCreated, endsAt, mayCreate: whyNotCreateKey(request, { kind: "admin", id }, isCreated, now) === null };
}

type OwnedRequest = StoredRequest & { isOwn: boolean };

async function shownRequest(services: Services, admin: SignedIn, request: OwnedRequest, now: Instant, zone: string) {
  const { isOwn, id, kind, act, actor, user, note, reason, answer, createdAt, decidedAt, decidedBy } = request;
  const state = requestStateOf(request, now);
  const facts = await currentTenant(services, request.tenant);
  const catalogue = services.facts.catalogue();
  const keys = featuresOfAct(act);
  const isWaiting = state === "waiting";
  const readings = facts && isWaiting ? services.checks.readings(await services.checks.context(facts.key), now) : null;
  const would = facts && isWaiting ? await effectNow(services, admin, request, facts, now) : null;
  const features = (isWaiting ? keys.slice(0, maxFeatures) : []).map((key) => {
    const known = catalogue.features.get(key);
    const row = facts && known && readings ? answerRow({ facts, catalogue, now, readings, zone }, known) : null;
    const later = would?.after && known && readings ? answerRow({ facts: would.after, catalogue, now, readings, zone }, known) : null;
    const then = later && later.message !== row?.message ? later.message : null;
    return { key, name: known?.name ?? key, message: row?.message ?? "It is no longer in the catalogue.", then };
  });
  return {
    ...{ id, kind, note, reason, answer, user, createdAt, decidedAt, decidedBy, state, features, isOwn },
    summary: describeRequest(act, catalogue),
    needsDays: act.act === "try_feature",
    tenant: { key: request.tenant, name: facts?.name ?? request.tenant, status: facts?.status ?? null },
    askedBy: actor.kind === "api_key" ? `the API key ${actor.name}` : actor.name,
    ownWords: ownRequestWords(request),
    mayDecide: mayAct(admin.role, rightToDecide(request)),
    isApproval: kind === "approval",
    isBulk: act.act === "bulk" || act.act === "import_tenants",
    meets: isOwn ? null : (would?.meets ?? null),
  };
}

/** The tenant as it would be if this were granted now, and why it could not be as it is, as a sentence, or null. */
async function effectNow(
  services: Services,
  { id, name, role }: SignedIn,
  request: StoredRequest,
  facts: TenantFacts,
  now: Instant,
): Promise<{ after: TenantFacts | null; meets: string | null }> {
  const catalogue = services.facts.catalogue();
  const stamp = { now, actor: { kind: "admin" as const, id, name }, newId: services.newId };
  const bounds = await boundsOfRole(services.db.readAside, services.db.tables, request.tenant, role);
  const outcome = requestedChange(facts, request, { days: usualDays }, catalogue, stamp);
  // Without a note of the decision, so that it says which guard rail needs one.
  const within = requestWithinRails(outcome, bounds, request, null, catalogue);
  const after = outcome.ok && outcome.change ? applyChange(facts, outcome.change, facts.revision) : null;
  return { after, meets: within.ok ? null : within.message };
}
