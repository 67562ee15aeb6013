import type { CatalogueChange } from "./catalogue-changes";
import { describeValue, listWords } from "./catalogue-words";
import type { CatalogueFacts, Feature, GrantKind, Value } from "./model";
import { sameJson } from "./same-json";
import { valueProblem } from "./values";

/** What a grant that is not over gives of a feature. */
export type HeldValue = { grant: string; tenant: string; kind: GrantKind; value: Value };

/** The features of which grants may hold values that will no longer fit. The type of a feature never changes. */
export function resettled(before: CatalogueFacts, change: CatalogueChange): Feature[] {
  const had = new Map(before.features.map((f) => [f.key, f]));
  return change.features.filter((after) => {
    const was = had.get(after.key);
    return was?.type === "config" && after.type === "config" && !sameJson(was.config, after.config);
  });
}

export const isUnfit = (feature: Feature, { value }: Pick<HeldValue, "value">) => valueProblem(feature, value) !== null;

const namedAtMost = 3;

/** The refusal as a phrase: which grants, and the way out. `more`: there are others. */
export function unfitGrantsWords(feature: Feature, unfit: HeldValue[], more: boolean): string {
  const named = unfit.slice(0, namedAtMost).map(({ kind, tenant, value }) => `the ${kind} of ${tenant} (${describeValue(feature, value)})`);
  const words = more || unfit.length > namedAtMost ? `${named.join(", ")} and others` : listWords(named);
  return `what these grants give of ${feature.name} would no longer fit: ${words}. End them or grant another value first`;
}
