import { claimWrite, type KeptAnswer, keepAnswer, letGoOfWrite, type WriteName } from "~db/store/idempotency.server";
import type { Services } from "./services.server";

export type Once = ({ is: "done"; replayed: boolean } & KeptAnswer) | { is: "running" } | { is: "other" };

/**
 * Does a write that its caller named at most once, however often it is sent and whatever happens in between. `work` gets
 * services whose one transaction keeps the answer together with what it writes: both are there, or neither.
 */
export async function once<Result>(
  services: Services,
  name: WriteName,
  fingerprint: string,
  work: (services: Services) => Promise<Result>,
  answerOf: (result: Result) => KeptAnswer,
  { inItsTransaction }: { inItsTransaction: boolean },
): Promise<Once> {
  const { db, now } = services;
  const lock = { key: `idempotent:${name.principal}\n${name.key}` };
  const claim = await db.transaction([lock], (tx) => claimWrite(tx, db.tables, name, fingerprint, now()));
  if (claim.is === "done") return { ...claim, replayed: true };
  if (claim.is !== "mine") return claim;

  let kept: KeptAnswer | null = null;
  const keeping: typeof db = {
    ...db,
    transaction: (locks, inside) =>
      db.transaction(locks, async (tx) => {
        const result = await inside(tx);
        const answer = answerOf(result as unknown as Result);
        if (!(await keepAnswer(tx, db.tables, name, claim.at, answer)))
          throw new Error("This write took so long that another took it over.");
        kept = answer;
        return result;
      }),
  };
  try {
    const result = await work(inItsTransaction ? { ...services, db: keeping } : services);
    if (kept) return { is: "done", replayed: false, ...(kept as KeptAnswer) };
    const answer = answerOf(result);
    await db.transaction([], (tx) => keepAnswer(tx, db.tables, name, claim.at, answer));
    return { is: "done", replayed: false, ...answer };
  } catch (error) {
    await db.transaction([], (tx) => letGoOfWrite(tx, db.tables, name, claim.at)).catch(() => {});
    throw error;
  }
}
