import { describeBulkAct } from "~/core/bulk/bulk-act";
import type { Catalogue } from "~/core/catalogue/catalogue";
import { describeCsvImport } from "~/core/import/csv-params";
import type { Instant } from "~/core/model";
import { listWords, listWordsUpTo } from "~/core/text";
import { longDate } from "~/core/time";
import { featuresOfAct, type RequestedAct } from "./request";

const maxNamed = 3;

/** "Trial of SSO for 14 days". Names are the catalogue's, or the keys of what is gone. Dates are in UTC. */
export function describeRequest(act: RequestedAct, catalogue: Pick<Catalogue, "features" | "plans">): string {
  const { features, plans } = catalogue;
  const names = featuresOfAct(act).map((key) => features.get(key)?.name ?? key);
  const named = listWordsUpTo(names, maxNamed);
  const planName = (key: string) => plans.get(key)?.name ?? key;
  switch (act.act) {
    case "try_feature":
      return `Trial of ${named}`;
    case "grant_trial":
      return `${act.bundle === undefined ? `Trial of ${named}` : `Bundle ${planName(act.bundle)}`} ${periodWords(act)}${act.planAfter === undefined ? "" : `, then ${planName(act.planAfter)}`}`;
    case "extend_trial":
      return `${act.kind === "override" ? "Override" : "Trial"} of ${named}, extended to ${longDate(act.endsAt)}`;
    case "set_override":
      return `${act.effect === "allow" ? "Override that allows" : "Override that denies"} ${named}${act.endsAt === null ? ", without an end" : ` until ${longDate(act.endsAt)}`}`;
    case "bulk":
      return `${describeBulkAct(act.params.act, catalogue)}, for ${act.tenants === 1 ? "1 tenant" : `${act.tenants.toLocaleString("en")} tenants`}`;
    case "import_tenants":
      return `${describeCsvImport(act)}, ${act.rows === 1 ? "1 row" : `${act.rows.toLocaleString("en")} rows`}`;
    case "end_trial":
      return `End of the trial of ${named}`;
    case "create_key":
      return `API key “${act.name}” with the ${act.scopes.length === 1 ? "scope" : "scopes"} ${listWords(act.scopes)}, ${act.days === null ? "without an end" : `for ${daysWords(act.days)}`}`;
    case "rotate_key":
      return `Rotation of the API key “${act.name}”`;
  }
}

const periodWords = ({ days, endsAt }: { days: number | null; endsAt: Instant | null }): string =>
  days === null ? `until ${longDate(endsAt as Instant)}` : `for ${daysWords(days)}`;

const daysWords = (days: number): string => (days === 1 ? "1 day" : `${days} days`);
