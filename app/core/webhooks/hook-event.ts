import type { Grant, Instant, Json, Override, TenantFacts, Trial } from "~/core/model";
import { isoOrNull, isoTime } from "~/core/time";
import type { SentEventType } from "./event-types";

type Data = { [name: string]: Json };

/** An event, as webhooks send it and notices show it. */
export type HookEvent = {
  type: SentEventType;
  /** The tenant's key, or null for an event of the installation. */
  tenant: string | null;
  /** Distinguishes it from others of the same type, tenant and instant, so that its id is always the same. */
  about: string;
  at: Instant;
  data: Data;
};

/** The body of a delivery by Standard Webhooks. */
export const webhookBody = ({ type, at, data }: Pick<HookEvent, "type" | "at" | "data">): string =>
  JSON.stringify({ type, timestamp: isoTime(at), data });

export type TenantLine = Pick<TenantFacts, "key" | "name" | "status" | "plan">;
export const tenantData = ({ key, name, status, plan }: TenantLine): Data => ({ key, name, status, plan });

/** A feature's name, which the event carries so that its receiver need not ask. */
export type FeatureName = (key: string) => string;

/** A grant without its note, which is free text. */
export function grantData(grant: Grant, nameOf: FeatureName): Data {
  return {
    id: grant.id,
    kind: grant.kind,
    feature: { key: grant.feature, name: nameOf(grant.feature) },
    ...effectOf(grant),
    startsAt: isoTime(grant.startsAt),
    endsAt: isoOrNull(grant.endsAt),
  };
}

function effectOf(grant: Trial | Override): Data {
  if (grant.kind === "trial") return { value: grant.value };
  return grant.effect === "deny" ? { effect: "deny" } : { effect: "allow", value: grant.value };
}
