import type { BulkParams } from "~/core/bulk/bulk-act";
import type { CsvMapping } from "~/core/import/csv-columns";
import type { Actor, GrantKind, Instant, Json, Value } from "~/core/model";
import type { Act, ApiScope } from "~/core/permissions";
import { sameJson } from "~/core/same-json";
import { day } from "~/core/time";

/**
 * `feature`: an app asks for a tenant's user. `trial`: a person asks for what a guard rail does not allow them.
 * `approval`: an act that needs a second person.
 */
export const requestKinds = ["feature", "trial", "approval"] as const;
export type RequestedKind = (typeof requestKinds)[number];

/** As stored. */
export type StoredRequestState = "waiting" | "granted" | "refused" | "withdrawn";

export const requestStates = ["waiting", "granted", "refused", "withdrawn", "lapsed"] as const;
export type RequestState = (typeof requestStates)[number];

/** Undecided requests lapse after this time, in ms. */
export const requestLifeMs = 14 * day;

/** Waiting requests of a tenant and kind, so that what apps ask for leaves room for approvals. */
export const maxWaitingRequests = 50;
/** Requests of apps for a tenant within 24 hours. */
export const maxRequestsPerDay = 20;

/** What is asked for. Plain data, so that it can be stored with its request. */
export type RequestedAct =
  /** The one who decides chooses how long. */
  | { act: "try_feature"; feature: string }
  /** With `days` the trial begins when it is granted; otherwise it has its own dates. */
  | {
      act: "grant_trial";
      /** The plan whose bundle it is, as of when it is granted. Absent for trials of their own. */
      bundle?: string;
      features: { feature: string; value?: Value }[];
      /** The plan that the tenant moves to at the end. Absent for none. */
      planAfter?: string;
      days: number | null;
      startsAt: Instant | null;
      endsAt: Instant | null;
    }
  /** Of a trial, or of an override if `kind` says so. */
  | { act: "extend_trial"; kind?: GrantKind; grant: string; feature: string; endsAt: Instant }
  | { act: "end_trial"; grant: string; feature: string }
  /** Without `startsAt` it begins when it is approved. */
  | { act: "set_override"; feature: string; effect: "allow" | "deny"; value?: Value; startsAt: Instant | null; endsAt: Instant | null }
  /**
   * `tenants`: how many there were when it was asked for. `keysDigest` tells lists of keys apart, which are stored beside
   * the act; null if the tenants are found by the parameters.
   */
  | { act: "bulk"; params: BulkParams; tenants: number; keysDigest: string | null }
  /** The rows of an uploaded CSV file, which is kept while the request waits. */
  | { act: "import_tenants"; upload: string; name: string; mapping: CsvMapping; rows: number }
  | RequestedKey;

/** An API key that only its asker creates, once the request is approved. `days`: how long it lasts from then on; null: without an end. */
export type RequestedKey =
  | { act: "create_key"; name: string; scopes: ApiScope[]; origins: string[] | null; days: number | null }
  | { act: "rotate_key"; key: string; name: string; overlapHours: number };

export type StoredRequest = {
  id: string;
  kind: RequestedKind;
  /** Empty if it is about many tenants, or an API key. */
  tenant: string;
  act: RequestedAct;
  actor: Actor;
  /** The tenant's user that an app asks for. */
  user: string | null;
  note: string | null;
  /** Why guard rails may be passed, if it is not the note. */
  reason: string | null;
  state: StoredRequestState;
  /** The note of the decision. */
  answer: string | null;
  createdAt: Instant;
  /** Null while it waits, and if it lapsed. */
  decidedAt: Instant | null;
  decidedBy: string | null;
};

/** At the instant of its end a request has lapsed. */
export const requestStateOf = (request: Pick<StoredRequest, "state" | "createdAt">, now: Instant): RequestState =>
  request.state === "waiting" && now >= request.createdAt + requestLifeMs ? "lapsed" : request.state;

/** The right that granting or refusing it needs. */
export const rightToDecide = ({ kind }: Pick<StoredRequest, "kind">): Act => (kind === "feature" ? "trials.grant" : "requests.approve");

/** A person or a program, as it counts for a decision. */
export type Party = Pick<Actor, "kind" | "id">;

const isSameParty = (a: Party, b: Party): boolean => a.kind === b.kind && a.id === b.id;

/**
 * A person may not decide their own request, nor use an API key that they made for it. `makers`: who made the
 * keys, by key id; a key without one counts as itself. Keys of apps ask for others, so their makers may decide.
 */
export function isOwnRequest(
  { kind, actor }: Pick<StoredRequest, "kind" | "actor">,
  by: Party,
  makers: ReadonlyMap<string, Party>,
): boolean {
  if (kind === "feature") return isSameParty(actor, by);
  const personOf = (party: Party) => (party.kind === "api_key" ? (makers.get(party.id) ?? party) : party);
  return isSameParty(personOf(actor), personOf(by));
}

export const ownRequestWords = ({ actor }: Pick<StoredRequest, "actor">): string =>
  `${actor.kind === "api_key" ? "An API key of yours" : "You"} asked for this, so someone else decides it.`;

/** Whether they ask for the same. The number of matching tenants is not compared. */
export function isSameAct(a: RequestedAct, b: RequestedAct): boolean {
  const compared = (act: RequestedAct) => (act.act === "bulk" ? { ...act, tenants: null } : act) as unknown as Json;
  return sameJson(compared(a), compared(b));
}

/** Keys of the features that it is about. */
export function featuresOfAct(act: RequestedAct): string[] {
  if (act.act === "grant_trial") return act.features.map(({ feature }) => feature);
  return "feature" in act ? [act.feature] : [];
}
