import { type Catalogue, compileCatalogue } from "~/core/catalogue/catalogue";
import type { Actor, Stamp } from "~/core/model";
import type { Refusal } from "~/core/outcome";
import type { Services } from "~/server/services.server";
import type { Queries } from "~db/database";
import { readCatalogueFacts, readCatalogueRevision } from "~db/store/facts.server";

/** `changed` is false, and `change` null, if everything already had these values. A refusal wrote nothing. */
export type Changed<Facts, Change = unknown> = { ok: true; changed: boolean; facts: Facts; change: Change | null } | Refusal;

export function stampFor({ newId, now }: Pick<Services, "now" | "newId">, actor: Actor, at = now()): Stamp {
  return { now: at, actor, newId };
}

/** The actor with the request that is being answered, which PostHog's events of the change name. */
export function withRequest({ posthog }: Pick<Services, "posthog">, actor: Actor): Actor {
  const request = posthog?.requests.changeTags();
  return request ? { ...actor, request } : actor;
}

/** An actor whose changes are part of a known act. */
export type ActorOfAct = Actor & { changeSet: string };

/** The actor with its request and with the act: a new one unless it has one. */
export const withAct = (services: Pick<Services, "posthog" | "newId">, actor: Actor): ActorOfAct => ({
  ...withRequest(services, actor),
  changeSet: actor.changeSet ?? services.newId("cs"),
});

/** The catalogue as of this transaction: the cached one unless another process changed it. */
export async function catalogueIn(services: Pick<Services, "db" | "facts">, tx: Queries): Promise<Catalogue> {
  const held = services.facts.catalogue();
  const revision = await readCatalogueRevision(tx, services.db.tables);
  return held.revision === revision ? held : compileCatalogue(await readCatalogueFacts(tx, services.db.tables));
}
