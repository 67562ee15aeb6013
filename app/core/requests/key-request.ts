import type { Instant } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import { type Party, type RequestedKey, requestLifeMs, type StoredRequest } from "./request";

export type KeyRequest = StoredRequest & { act: RequestedKey };

export const isKeyRequest = (request: StoredRequest): request is KeyRequest =>
  request.act.act === "create_key" || request.act.act === "rotate_key";

/** The id of the key that is created by this request, which makes the request usable once. */
export const keyIdOfRequest = (request: string): string => request.replace(/^rq_/, "key_");

/** From this instant on an approved request for a key is of no use. Null if it is not approved. */
export const keyUseEndsAt = ({ state, decidedAt }: Pick<StoredRequest, "state" | "decidedAt">): Instant | null =>
  state === "granted" && decidedAt !== null ? decidedAt + requestLifeMs : null;

/** Why they cannot create the key of a request now, or null. `isUsed`: the key exists. */
export function whyNotCreateKey(request: KeyRequest, by: Party, isUsed: boolean, now: Instant): Refusal | null {
  const { actor } = request;
  if (actor.kind !== by.kind || actor.id !== by.id)
    return refuse("request_decided", `${actor.name} asked for this key, so nobody else creates it.`);
  if (isUsed) return refuse("request_decided", "The key of this request was created already. It was shown then, and only then.");
  const endsAt = keyUseEndsAt(request);
  if (endsAt === null) return refuse("request_decided", "This request is not approved, so there is no key to create.");
  return now < endsAt ? null : refuse("request_decided", "The approval is over 14 days old and has lapsed. Ask for the key again.");
}
