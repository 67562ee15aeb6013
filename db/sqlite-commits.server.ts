import type Sqlite from "better-sqlite3";
import type { createTransactions } from "./sqlite-transactions.server";

type Writes = Pick<ReturnType<typeof createTransactions>, "commits" | "ask">;

/** Detects commits. SQLite counts those of other connections, which for the reader includes the writer's. */
export function watchCommits(reader: Sqlite.Database, { commits, ask }: Writes) {
  const dataVersion = reader.prepare("PRAGMA data_version").pluck();
  let seen = dataVersion.get();
  let begunThen = 0;
  let wasSettled = true;
  let writerSaw: unknown;

  /** False if a commit of this process may explain the new version. */
  let isSure = false;

  async function askWriter(): Promise<boolean> {
    const version = await ask("PRAGMA data_version").catch(() => undefined);
    const moved = version === undefined || version !== writerSaw;
    writerSaw = version;
    return moved;
  }

  return {
    hasMoved(): boolean {
      const version = dataVersion.get();
      const moved = version !== seen;
      seen = version;
      if (moved) isSure = wasSettled && commits.begun === begunThen;
      begunThen = commits.begun;
      wasSettled = commits.done === commits.begun;
      return moved;
    },
    othersMoved: (): boolean | Promise<boolean> => isSure || askWriter(),
  };
}
