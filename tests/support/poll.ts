import { setTimeout as sleep } from "node:timers/promises";

/** A busy machine may take several times as long as a quiet one. */
const busyFactor = 6;

/** Polls every 25 ms until there is a result. Throws the message of `onTimeout` after several times `limit`, in ms. */
export async function until<T>(ask: () => Promise<T | undefined>, limit: number, onTimeout: () => string): Promise<T> {
  const end = Date.now() + limit * busyFactor;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(onTimeout());
    await sleep(25);
  }
}
