import { keepAlive } from "./keep-alive";
import { type Program, startProgram } from "./program";
import { unlessOverloaded } from "./unless-overloaded";

export type KilledServer = Awaited<ReturnType<typeof startKilledServer>>;

/** The built program on a given database, to be killed and restarted. */
export async function startKilledServer(env: Record<string, string>) {
  let running: Promise<Program> = startProgram(env);
  await running;
  const connections = keepAlive(16);
  let kills = 0;

  /** Requests in flight when the process was killed are repeated at the next one. */
  async function ask(key: string, path: string, body?: object): Promise<{ status: number; text: string }> {
    for (;;) {
      const program = await running;
      const headers = { authorization: `Bearer ${key}`, ...(body && { "content-type": "application/json" }) };
      try {
        const method = body ? "PUT" : "GET";
        const send = () => connections.ask(program.url, { method, path, headers, body: body && JSON.stringify(body) });
        return await unlessOverloaded(send, async ({ text }) => text);
      } catch (error) {
        if ((await running) === program) throw error;
      }
    }
  }

  return {
    ask,
    kills: () => kills,
    async kill(): Promise<void> {
      const program = await running;
      kills += 1;
      running = program.kill().then(() => startProgram(env));
      await running;
    },
    /** Its exit code. */
    async stop(): Promise<number | string> {
      connections.close();
      return (await running).stop();
    },
  };
}
