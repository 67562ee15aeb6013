import type { BulkSelection } from "~/core/bulk/bulk-act";
import { readTrialListQuery } from "~/forms/trials/trial-list-query";
import type { Services } from "~/server/services.server";
import { trialChoice } from "~/server/trials/trial-list.server";
import { demandStart } from "~/server/usage/demand.server";
import type { Queries } from "~db/database";
import { countRefused, refusedAmong, refusedKeysAfter } from "~db/store/demand.server";
import { countTrialTenants, trialTenantsAfter, trialTenantsAmong } from "~db/store/trial-tenants.server";

/** Trials that are read to count their tenants for a page. */
const maxCountedTrials = 10_000;

/** Lists of trials and refusals whose tenants a bulk act may change. */
export type ListSelection = Extract<BulkSelection, { kind: "trials" | "demand" }>;

/** The tenants of a list. */
export function listSource({ db, now }: Pick<Services, "db" | "now">, selection: ListSelection) {
  const { readAside: q, tables: t } = db;
  type Place = { after: string | null; size: number };
  if (selection.kind === "trials") {
    const choice = () => trialChoice(readTrialListQuery(new URLSearchParams(selection.query)), now());
    return {
      /** `isAll` is false if there may be more, because only so many trials were read. */
      count: (maxTrials = maxCountedTrials) => countTrialTenants(q, t, choice(), now(), maxTrials),
      after: (place: Place) => trialTenantsAfter(q, t, choice(), now(), place),
      among: (tx: Queries, keys: string[]) => trialTenantsAmong(tx, t, choice(), now(), keys),
    };
  }
  const since = () => ({ feature: selection.feature, from: demandStart(now(), selection.days) });
  return {
    count: async (_max?: number) => ({ tenants: await countRefused(q, t, since()), isAll: true }),
    after: (place: Place) => refusedKeysAfter(q, t, since(), place),
    among: (tx: Queries, keys: string[]) => refusedAmong(tx, t, since(), keys),
  };
}
