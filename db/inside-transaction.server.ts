import { AsyncLocalStorage } from "node:async_hooks";

/**
 * Detects code that runs inside a transaction. While enabled, Node tracks every promise and callback, which costs a
 * check about a fifth (Node 20 and 22), so it is off while no transaction runs.
 */
export function insideTransaction() {
  const storage = new AsyncLocalStorage<true>();
  let running = 0;
  return {
    refuse(): void {
      if (storage.getStore()) throw new Error("A transaction was begun inside another one.");
    },
    async run<T>(work: () => Promise<T>): Promise<T> {
      running += 1;
      try {
        return await storage.run(true, work);
      } finally {
        running -= 1;
        if (running === 0) storage.disable();
      }
    },
  };
}
