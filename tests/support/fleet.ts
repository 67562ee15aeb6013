import { type Program, startProgram } from "./program";

export type Fleet = Awaited<ReturnType<typeof startFleet>>;

/** Several processes of the built program on one database, which can be killed and are replaced. */
export async function startFleet(url: string, size: number, more: Record<string, string> = {}) {
  const start = () => startProgram({ DATABASE_URL: url, LOG_LEVEL: "error", LATCHKEY_RATE_LIMIT: "0", ...more });
  const running: Promise<Program>[] = Array.from({ length: size }, start);
  await Promise.all(running);
  let killed = 0;
  let killing: Promise<unknown> = Promise.resolve();
  return {
    size,
    /** The process at this index; waits for its replacement. */
    at: (place: number) => running[place % size] as Promise<Program>,
    all: () => Promise.all(running),
    /** Kills the next process in turn with SIGKILL and starts a new one. */
    killNext(): Promise<unknown> {
      killing = killing.then(async () => {
        const place = killed++ % size;
        const old = await running[place];
        running[place] = (old as Program).kill().then(start);
        await running[place];
      });
      return killing;
    },
    killed: () => killed,
    stop: () => Promise.all(running.map(async (program) => (await program).stop())),
  };
}
