import type { CatalogueChange } from "~/core/catalogue/catalogue-changes";
import { describeValue } from "~/core/catalogue/catalogue-words";
import { valueProblem } from "~/core/decision/values";
import type { CatalogueFacts, Feature, GrantKind, Value } from "~/core/model";
import { sameJson } from "~/core/same-json";
import { listWords } from "~/core/text";

/** The value of a live or upcoming grant. */
export type GrantedValue = { grant: string; tenant: string; kind: GrantKind; value: Value };

/** Features whose grants may no longer fit. A feature's type never changes. */
export function resettled(before: CatalogueFacts, change: CatalogueChange): Feature[] {
  const had = new Map(before.features.map((f) => [f.key, f]));
  return change.features.filter((after) => {
    const was = had.get(after.key);
    return was?.type === "config" && after.type === "config" && !sameJson(was.config, after.config);
  });
}

export const isInvalidated = (feature: Feature, { value }: Pick<GrantedValue, "value">) => valueProblem(feature, value) !== null;

const namedAtMost = 3;

/** The refusal as a phrase that names grants and the way out. `more`: there are others. */
export function invalidatedGrantsMessage(feature: Feature, unfit: GrantedValue[], more: boolean): string {
  const named = unfit.slice(0, namedAtMost).map(({ kind, tenant, value }) => `the ${kind} of ${tenant} (${describeValue(feature, value)})`);
  const words = more || unfit.length > namedAtMost ? `${named.join(", ")} and others` : listWords(named);
  return `what these grants give of ${feature.name} would no longer fit: ${words}. End them or grant another value first`;
}
