import type { CatalogueChange } from "~/core/catalogue/catalogue-changes";
import { type GrantedValue, invalidatedGrantsMessage, isInvalidated, resettled } from "~/core/grants/invalidated-grants";
import type { CatalogueFacts, Feature, Instant } from "~/core/model";
import type { Queries } from "~db/database";
import type { Schema } from "~db/schema";
import { grantedValues } from "~db/store/grants.server";

const maxChecked = 1_000;
/** The search stops after this many; three are named. */
const enough = 10;

export type InvalidatedGrants = { feature: Feature; message: string };

/** The first feature whose live grants would no longer fit, or null. `ended` lists grants that end in the same change. */
export async function findInvalidatedGrants(
  q: Queries,
  t: Schema,
  before: CatalogueFacts,
  change: CatalogueChange,
  now: Instant,
  ended: ReadonlySet<string> = new Set(),
): Promise<InvalidatedGrants | null> {
  for (const feature of resettled(before, change)) {
    const unfit: GrantedValue[] = [];
    let page: GrantedValue[] = [];
    do {
      page = await grantedValues(q, t, feature.key, now, { after: page.at(-1)?.grant ?? "", size: maxChecked });
      unfit.push(...page.filter((held) => !ended.has(held.grant) && isInvalidated(feature, held)));
    } while (page.length === maxChecked && unfit.length < enough);
    if (unfit.length > 0) return { feature, message: invalidatedGrantsMessage(feature, unfit, page.length === maxChecked) };
  }
  return null;
}
