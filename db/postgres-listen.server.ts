import type { Socket } from "node:net";
import pg from "pg";
import type { CommitListener } from "./database";
import { ended } from "./postgres-end.server";

/** Poll interval in ms, because notifications sent while a connection is lost are missed. */
const pollIntervalMs = 1_000;
/** The interval while notifications cannot arrive, in ms. */
const lostPollIntervalMs = 250;
const reconnectMs = 500;
/** A connection that does not answer for this long is taken to be lost, in ms. */
const answerTimeoutMs = 5_000;

/**
 * Signals commits of other processes: by NOTIFY, and by polling. `isOwn`: whether this backend belongs to this process, whose own
 * commits are in its memory already.
 */
export function followNotifications(url: string, isOwn: (backend: number) => boolean) {
  let signal: CommitListener = () => {};
  let isStopped = false;
  let isListening = false;
  let isChecking = false;
  let client: pg.Client | undefined;
  let poll: NodeJS.Timeout | undefined;
  let retry: NodeJS.Timeout | undefined;

  function schedulePoll(): void {
    clearTimeout(poll);
    if (isStopped) return;
    poll = setTimeout(
      () => {
        signal("poll");
        if (client && isListening && !isChecking) void check(client);
        schedulePoll();
      },
      isListening ? pollIntervalMs : lostPollIntervalMs,
    ).unref();
  }

  function lose(mine: pg.Client): void {
    if (isStopped || client !== mine) return;
    client = undefined;
    isListening = false;
    cut(mine);
    schedulePoll();
    retry = setTimeout(() => void listen(), reconnectMs).unref();
  }

  /**
   * Detects a connection that was lost silently, or whose server became read-only and therefore sends no notifications.
   */
  async function check(mine: pg.Client): Promise<void> {
    isChecking = true;
    try {
      const { rows } = await mine.query("select current_setting('transaction_read_only') as read_only");
      if (rows[0]?.read_only !== "on") return;
      lose(mine);
      signal("commit");
    } catch {
      lose(mine);
    } finally {
      isChecking = false;
    }
  }

  async function listen(): Promise<void> {
    const mine = new pg.Client({ connectionString: url, connectionTimeoutMillis: answerTimeoutMs, query_timeout: answerTimeoutMs });
    client = mine;
    mine.on("error", () => lose(mine));
    mine.on("end", () => lose(mine));
    mine.on("notification", ({ processId }) => {
      if (!isOwn(processId)) signal("commit");
    });
    try {
      await mine.connect();
      await mine.query("LISTEN latchkey_changes");
      isListening = true;
      signal("commit");
    } catch {
      lose(mine);
    }
  }
  schedulePoll();
  void listen();

  return {
    follow(listener: CommitListener): void {
      signal = listener;
    },
    /** For a commit of this process whose outcome it does not know. */
    noteUnknown: () => signal("commit"),
    reconnect(): void {
      if (client && isListening) lose(client);
    },
    async stop(): Promise<void> {
      isStopped = true;
      clearTimeout(poll);
      clearTimeout(retry);
      await ended(client?.end());
    },
  };
}

/**
 * Closes the socket immediately, because `end()` waits for an answer that a lost connection does not give. Missing in
 * the driver's types.
 */
function cut(client: pg.Client): void {
  (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
}
