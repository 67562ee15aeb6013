import { setTimeout as sleep } from "node:timers/promises";

/** Asks again each 25 ms until there is an answer; throws what `onTimeout` says after `limit` ms. */
export async function until<T>(ask: () => Promise<T | undefined>, limit: number, onTimeout: () => string): Promise<T> {
  const end = Date.now() + limit;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(onTimeout());
    await sleep(25);
  }
}
