import { setTimeout as sleep } from "node:timers/promises";

/** Polls every 25 ms until there is a result; throws the message of `onTimeout` after `limit` ms. */
export async function until<T>(ask: () => Promise<T | undefined>, limit: number, onTimeout: () => string): Promise<T> {
  const end = Date.now() + limit;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(onTimeout());
    await sleep(25);
  }
}
