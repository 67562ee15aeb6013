import { answer } from "~/core/answer";
import { type Catalogue, compileCatalogue } from "~/core/catalogue";
import type { Decision } from "~/core/decide";
import type { Instant, TenantFacts } from "~/core/model";
import { readCatalogueFacts, readTenantFacts } from "~db/store/facts.server";
import type { Services } from "./services.server";

export type AnswerAt = ReturnType<typeof answer> & { tenant: TenantFacts | null; catalogue: Catalogue; decisions: Decision[] };

/** What a check at `at` was told, from what was known by then; or will be told, if nobody changes anything until then. */
export async function answerAt({ db, now }: Services, key: string, features: string[] | null, at: Instant): Promise<AnswerAt> {
  const by = at < now() ? at : undefined;
  const catalogue = compileCatalogue(await readCatalogueFacts(db.read, db.tables, by));
  const tenant = await readTenantFacts(db.read, db.tables, key, by);
  return { ...answer({ key, tenant, catalogue, features, now: at }, {}, false), tenant, catalogue };
}
