import { lookAlikeProblem } from "~/core/plain-text";
import type { Services } from "~/server/services.server";
import { tenantNamesAfter } from "~db/store/tenant-documents.server";

export type LookAlike = { kind: "tenant" | "plan" | "feature"; key: string; name: string; why: string };

const batchSize = 1_000;

/** Everything with a key or a name that would be refused if it were new, tenants last and by key. */
export async function* findLookAlikes({ db, facts }: Pick<Services, "db" | "facts">): AsyncGenerator<LookAlike> {
  const { features, plans } = facts.catalogue();
  const found = (kind: LookAlike["kind"], { key, name }: { key: string; name: string }): LookAlike[] => {
    const [badKey, badName] = [lookAlikeProblem(key, "key"), lookAlikeProblem(name, "name")];
    // A name that was left out is the key.
    const problems = [badKey && `key ${badKey}`, name === key ? null : badName && `name ${badName}`].filter((p) => p !== null);
    return problems.length === 0 ? [] : [{ kind, key, name, why: problems.join("; ") }];
  };
  for (const plan of plans.values()) yield* found("plan", plan);
  for (const feature of features.values()) yield* found("feature", feature);
  for (let after = ""; ; ) {
    const batch = await tenantNamesAfter(db.readAside, db.tables, after, batchSize);
    for (const tenant of batch) yield* found("tenant", tenant);
    const last = batch.at(-1);
    if (batch.length < batchSize || !last) return;
    after = last.key;
  }
}
