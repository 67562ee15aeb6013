import type { CatalogueChange } from "~/core/catalogue-changes";
import type { CatalogueFacts, Feature, Instant } from "~/core/model";
import { type HeldValue, isUnfit, resettled, unfitGrantsWords } from "~/core/unfit-grants";
import type { Queries } from "~db/database";
import type { Schema } from "~db/schema";
import { heldValues } from "~db/store/grants.server";

const atOnce = 1_000;
/** More of them are not looked for: three are named. */
const enough = 10;

export type UnfitGrants = { feature: Feature; message: string };

/** The first feature of which live grants hold what will no longer fit; null: there is none. `ended`: those that end with it. */
export async function findUnfitGrants(
  q: Queries,
  t: Schema,
  before: CatalogueFacts,
  change: CatalogueChange,
  now: Instant,
  ended: ReadonlySet<string> = new Set(),
): Promise<UnfitGrants | null> {
  for (const feature of resettled(before, change)) {
    const unfit: HeldValue[] = [];
    let page: HeldValue[] = [];
    do {
      page = await heldValues(q, t, feature.key, now, { after: page.at(-1)?.grant ?? "", size: atOnce });
      unfit.push(...page.filter((held) => !ended.has(held.grant) && isUnfit(feature, held)));
    } while (page.length === atOnce && unfit.length < enough);
    if (unfit.length > 0) return { feature, message: unfitGrantsWords(feature, unfit, page.length === atOnce) };
  }
  return null;
}
