import { unguarded } from "~/server/authority.server";
import type { KeepAnswer, Services } from "~/server/services.server";
import { claimWrite, type KeptAnswer, keepAnswer, letGoOfWrite, type WriteName } from "~db/store/idempotency.server";

export type Once<Why = never> =
  | ({ is: "done"; replayed: boolean } & KeptAnswer)
  | { is: "running" }
  | { is: "other" }
  | { is: "refused"; why: Why };

/**
 * Runs a write named by an idempotency key at most once. `work` gets services whose transaction stores the answer with
 * the write: both are committed, or neither. `whyNot` runs if the write was not done yet, and its result is not stored.
 */
export async function once<Result, Why = never>(
  services: Services,
  name: WriteName,
  fingerprint: string,
  work: (services: Services) => Promise<Result>,
  answerOf: (result: Result) => KeptAnswer,
  { inItsTransaction, whyNot }: { inItsTransaction: boolean; whyNot?: () => Promise<Why | null> },
): Promise<Once<Why>> {
  const { db, now } = services;
  const lock = { key: `idempotent:${name.principal}\n${name.key}` };
  const claim = await db.transaction([lock], (tx) => claimWrite(tx, db.tables, name, fingerprint, now()));
  if (claim.is === "done") return { ...claim, replayed: true };
  if (claim.is !== "mine") return claim;

  let kept: KeptAnswer | null = null;
  const keep: KeepAnswer = async (tx, result) => {
    const answer = answerOf(result as Result);
    if (!(await keepAnswer(tx, db.tables, name, claim.at, answer))) throw new Error("This write took so long that another took it over.");
    kept = answer;
  };
  const keeping: typeof db = {
    ...db,
    transaction: (locks, inside, options) =>
      db.transaction(
        locks,
        async (tx) => {
          const result = await inside(tx);
          await keep(tx, result);
          return result;
        },
        options,
      ),
  };
  // Without the right to write, the claim is still released and the answer to a completed write is still stored.
  const bookkeeping = unguarded(db);
  const letGo = () => bookkeeping.transaction([], (tx) => letGoOfWrite(tx, db.tables, name, claim.at));
  try {
    const why = (await whyNot?.()) ?? null;
    if (why !== null) {
      await letGo();
      return { is: "refused", why };
    }
    const result = await work(inItsTransaction ? { ...services, db: keeping, keepAnswer: keep } : services);
    if (kept) return { is: "done", replayed: false, ...(kept as KeptAnswer) };
    const answer = answerOf(result);
    await bookkeeping.transaction([], (tx) => keepAnswer(tx, db.tables, name, claim.at, answer));
    return { is: "done", replayed: false, ...answer };
  } catch (error) {
    await letGo().catch(() => {});
    throw error;
  }
}
