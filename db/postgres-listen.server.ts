import pg from "pg";
import { ended } from "./postgres-end.server";

/** A listener misses what is sent while it is away, so everybody also looks at the feed this often, in milliseconds. */
const pollEvery = 1_000;
const reconnectAfter = 500;

/** Notes that another process may have committed: told by NOTIFY, or because it is time to look. */
export function followNotifications(url: string): { hasMoved: () => boolean; stop: () => Promise<void> } {
  let moved = false;
  let stopped = false;
  let client: pg.Client | undefined;
  let retry: NodeJS.Timeout | undefined;
  const poll = setInterval(() => {
    moved = true;
  }, pollEvery);
  poll.unref();

  async function listen(): Promise<void> {
    const mine = new pg.Client({ connectionString: url });
    client = mine;
    const again = () => {
      if (stopped || client !== mine) return;
      client = undefined;
      retry = setTimeout(() => void listen(), reconnectAfter);
      retry.unref();
    };
    mine.on("error", again);
    mine.on("end", again);
    mine.on("notification", () => {
      moved = true;
    });
    try {
      await mine.connect();
      await mine.query("LISTEN latchkey_changes");
      moved = true;
    } catch {
      again();
    }
  }
  void listen();

  return {
    hasMoved() {
      const answer = moved;
      moved = false;
      return answer;
    },
    async stop() {
      stopped = true;
      clearInterval(poll);
      clearTimeout(retry);
      await ended(client?.end());
    },
  };
}
